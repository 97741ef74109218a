import { sleep } from "../base/together.ts";
import type { Client } from "../client/client.ts";
import type { Consumer, ConsumerOptions } from "../client/consumer.ts";
import type { Message } from "../client/incoming.ts";
import { keyOf, type StartFrom } from "../client/offsets.ts";
import type { Wanted } from "../client/subscription.ts";
import type { MessageQueue } from "../wire/message_queue.ts";
import { orNearTopic } from "./admin/reach.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, connectTo, TOPIC } from "./cluster.ts";
import type { Command, Context } from "./command.ts";
import { Exit, UsageError } from "./exit.ts";
import { jsonOf, textOf } from "./message_text.ts";
import { timeOf } from "./time.ts";
import { verb } from "./verb.ts";

/** Every broker knows the group of admin tools, also one that creates no groups by itself. */
const NO_GROUP = "TOOLS_CONSUMER";
const LOOK_MS = 100;
/** So many looks without a message, and brokers are asked how far the group is. */
const QUIET_LOOKS = 10;

/** `pocketmq consume` */
export const consume: Command = {
  name: "consume",
  usage: "TOPIC [--group G] [--from WHERE] [--max N] [--follow] [--tag TAGS]",
  summary: "Print the messages of a topic of any RocketMQ 4.x cluster",
  help: `
  --tag TAGS      only messages with this tag, or one of several: "a || b"
  --filter SQL    only messages whose properties fit: "amount > 3 AND kind IN ('a', 'b')"
  --group G       read as a member of this group: it goes on where the group stopped,
                  and brokers keep how far it is; without it nothing is kept
  --from WHERE    where to begin when the group is new or there is none: first (the
                  default), last, or a time: 2026-01-31T12:00:00Z, ms since 1970, or
                  how long ago, as in 10m, 2h, 1d
  --max N         end after N messages
  --follow        wait for more; without it, end with the last message there is now
${CLUSTER_HELP}
Prints the body of each message and a line break. With --json also its queue, offset,
id, tag, keys and properties; a body that is not UTF-8 text is "bodyBase64".

Examples:
  pocketmq consume orders
  pocketmq consume orders --from 10m --json
  pocketmq consume orders --filter "amount > 3"
  pocketmq consume orders --group readers --follow
`,
  ...verb({
    flags: {
      ...CLUSTER_FLAGS,
      group: { kind: "text", names: "group" },
      tag: { kind: "text" },
      filter: { kind: "text" },
      from: { kind: "text" },
      max: { kind: "count" },
      follow: { kind: "switch" },
    },
    words: [TOPIC],
    async run(context, { flags, words: [topic] }) {
      const { max = Infinity } = flags;
      if (max < 1) throw new UsageError("--max is 0, it must be 1 or more");
      const options: ConsumerOptions = {
        group: flags.group ?? NO_GROUP,
        mode: flags.group === undefined ? "broadcast" : "clustering",
        topics: [wantedOf(topic, flags)],
        from: startOf(flags.from, context.runtime.clock.now()),
      };
      const print = (message: Message) =>
        context.terminal.stdout(flags.json ? jsonOf(message) : textOf(message));
      const client = connectTo(context, flags);
      try {
        const reading = new Reading(client, options, context).run(print, max, flags.follow);
        await orNearTopic(context, flags, topic, reading);
      } finally {
        await client.close();
      }
      return Exit.OK;
    },
  }),
};

function wantedOf(topic: string, { tag, filter }: { tag?: string; filter?: string }): Wanted {
  if (filter === undefined) return { topic, expression: tag };
  if (tag === undefined) return { topic, expression: filter, type: "SQL92" };
  throw new UsageError("--tag and --filter exclude each other, TAGS is a property too");
}

function startOf(text: string | undefined, now: number): StartFrom {
  if (text === undefined || text === "first") return "first";
  return text === "last" ? "last" : timeOf(text, now);
}

/** One run over a topic: as far as its end was at the start, or on and on. */
class Reading {
  readonly #client: Client;
  readonly #options: ConsumerOptions;
  readonly #context: Context;
  /** Queues whose end was not reached yet, with that end. */
  readonly #open = new Map<string, number>();
  readonly #stop = new AbortController();
  #count = 0;

  constructor(client: Client, options: ConsumerOptions, context: Context) {
    this.#client = client;
    this.#options = options;
    this.#context = context;
  }

  async run(print: (message: Message) => void, max: number, follow: boolean): Promise<void> {
    const { terminal } = this.#context;
    terminal.onStopSignal(() => {
      if (this.#stop.signal.aborted) terminal.exit(Exit.FAILED); // a second one, while it says good-bye
      this.#stop.abort();
    });
    if (!follow) {
      for (const { queue, begin, end } of await this.#client.ahead(this.#options)) {
        if (begin < end) this.#open.set(keyOf(queue), end);
      }
      if (this.#open.size === 0) return;
    }
    const { signal } = this.#stop;
    await using consumer = this.#client.consumer({ ...this.#options, signal });
    const looking = follow ? undefined : this.#lookAgain(consumer, signal);
    try {
      await this.#read(consumer, print, max, follow);
    } finally {
      this.#stop.abort();
      await looking;
    }
  }

  async #read(
    consumer: Consumer,
    print: (message: Message) => void,
    max: number,
    follow: boolean,
  ): Promise<void> {
    for await (const message of consumer.messages) {
      print(message);
      consumer.ack();
      if (++this.#count === max) return;
      const key = keyOf(message);
      if (message.queueOffset + 1 >= (this.#open.get(key) ?? Infinity)) this.#open.delete(key);
      if (!follow && this.#open.size === 0) return;
    }
  }

  /**
   * Ends the reading also when the last messages are filtered out, and when another member of the group got
   * them.
   */
  async #lookAgain(consumer: Consumer, signal: AbortSignal): Promise<void> {
    for (let looks = 1, before = -1; !signal.aborted; looks++) {
      await sleep(this.#context.runtime.clock, LOOK_MS, signal);
      if (signal.aborted) return;
      if (this.#count !== before) looks = 0;
      before = this.#count;
      for (const { queue, position } of consumer.positions()) this.#reached(queue, position);
      if (looks >= QUIET_LOOKS) {
        looks = 0;
        const all = await this.#client.ahead(this.#options).catch(() => []);
        for (const { queue, begin } of all) this.#reached(queue, begin);
      }
      if (this.#open.size === 0) this.#stop.abort();
    }
  }

  #reached(queue: MessageQueue, position = 0): void {
    if (position >= (this.#open.get(keyOf(queue)) ?? Infinity)) this.#open.delete(keyOf(queue));
  }
}
