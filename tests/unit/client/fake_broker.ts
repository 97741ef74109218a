import { Outbox, utf8 } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Handler, Peer } from "../../../src/rpc/peer.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { serve } from "../../../src/rpc/serve.ts";
import type { Command, Reply } from "../../../src/wire/command.ts";
import { Fields } from "../../../src/wire/fields.ts";
import {
  formatConsumerIds,
  formatGroupChanged,
  parseHeartbeat,
} from "../../../src/wire/heartbeat.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import { putRecord, recordSizeMax } from "../../../src/wire/message.ts";
import { formatOffsetAnswer } from "../../../src/wire/offset.ts";
import { formatPullAnswer, parsePull, type PullRequest } from "../../../src/wire/pull.ts";
import { formatRegistration } from "../../../src/wire/registration.ts";
import { parseSendV2, type SendRequest } from "../../../src/wire/send.ts";
import { formatSendReply } from "../../../src/wire/send_reply.ts";
import type { TopicConfig } from "../../../src/wire/topic.ts";
import type { VirtualClock } from "../../support/clock.ts";
import type { MemNet } from "../../support/mem_net.ts";
import { runtime } from "../../support/runtime.ts";

const HOST = hostBytes({ host: "10.0.0.99", port: 10911 });

/** A broker as clients see it, without log, disk or rules: it does what a test tells it. */
export class FakeBroker {
  readonly name: string;
  readonly id: number;
  /** Everything that clients asked, by code. */
  readonly asked: Command[] = [];
  readonly sends: SendRequest[] = [];
  readonly pulls: PullRequest[] = [];
  /** `group topic queue` -> offset. */
  readonly offsets = new Map<string, number>();
  readonly groups = new Map<string, Map<string, Peer>>();
  /** Answers in place of the usual ones, while they give one. */
  readonly instead = new Map<number, (command: Command) => Reply | undefined>();
  suggest = 0;
  /** Messages in an answer to a pull, at most. */
  batch = 32;

  readonly #queues = new Map<string, Uint8Array[]>();
  readonly #topics: Record<string, number>;
  readonly #clock: VirtualClock;
  readonly #net: MemNet;
  #wakes = new Set<() => void>();
  #stop = new AbortController();
  #serving: Promise<void> = Promise.resolve();
  #redial: Redial | undefined;

  constructor(
    name: string,
    id: number,
    topics: Record<string, number>,
    clock: VirtualClock,
    net: MemNet,
  ) {
    this.name = name;
    this.id = id;
    this.#topics = topics;
    this.#clock = clock;
    this.#net = net;
  }

  get host(): string {
    return `${this.name}-${this.id}`;
  }

  async start(namesrv: string): Promise<void> {
    this.#stop = new AbortController();
    const context = { clock: this.#clock, log: silentLog };
    const net = this.#net.host(this.host);
    const listener = await net.listen({ host: this.host, port: 10911 });
    const served = { handlers: this.#handlers(), closed: (peer: Peer) => this.#left(peer) };
    this.#serving = serve(listener, served, context, this.#stop.signal);
    this.#redial = new Redial({ net, clock: this.#clock }, silentLog);
    await this.register(namesrv);
  }

  async register(namesrv: string, counter = 1): Promise<void> {
    const topics = Object.entries(this.#topics).map(([name, queues]) => topicConfig(name, queues));
    const request = formatRegistration({
      brokerAddr: `${this.host}:10911`,
      brokerId: this.id,
      brokerName: this.name,
      clusterName: "C",
      haServerAddr: `${this.host}:10912`,
      dataVersion: { counter, timestamp: this.id },
      topics: new Map(topics.map((topic) => [topic.topicName, topic])),
    }, runtime.codecs);
    await this.#redial!.call(namesrv, request, 1000);
  }

  /** Serves nobody any more, but the name server does not know yet. */
  async fall(): Promise<void> {
    this.#stop.abort();
    for (const wake of [...this.#wakes]) wake();
    let ended = false;
    this.#serving.finally(() => ended = true);
    for (let i = 0; i < 20 && !ended; i++) await this.#clock.advance(200);
  }

  /** Gone, and its connection to the name server with it. */
  async stop(): Promise<void> {
    this.#redial?.close();
    await this.fall();
  }

  /** Stores a message as if it had been sent. */
  put(
    topic: string,
    queueId: number,
    body: string,
    { properties = "", sysFlag = 0, raw = utf8(body) } = {},
  ): number {
    const queue = this.#queue(topic, queueId);
    const bytes = new Uint8Array(recordSizeMax(topic.length, raw.length, properties));
    const size = putRecord(bytes, new DataView(bytes.buffer), 0, {
      topic: utf8(topic),
      queueId,
      flag: 0,
      queueOffset: queue.length,
      logOffset: 1000 * queue.length,
      sysFlag,
      bornTimestamp: 1,
      bornHost: HOST,
      storeTimestamp: this.#clock.now(),
      storeHost: HOST,
      reconsumeTimes: 0,
      preparedOffset: 0,
      body: raw,
      bodyCrc: runtime.codecs.crc32(raw) & 0x7fffffff,
      properties,
    });
    queue.push(bytes.subarray(0, size));
    for (const wake of [...this.#wakes]) wake();
    return queue.length - 1;
  }

  /** Tells every member that its group changed. */
  groupChanged(group: string): void {
    for (const peer of this.groups.get(group)?.values() ?? []) peer.tell(formatGroupChanged(group));
  }

  codes(code: number): Command[] {
    return this.asked.filter((command) => command.code === code);
  }

  /**
   * As Java's: a group's table of a topic is made at the first commit, and each of several that come
   * together makes one, of which the last stays.
   */
  async #commit(ext: Command["ext"]): Promise<Reply> {
    const table = `${ext.consumerGroup} ${ext.topic} `;
    const ofTable = () => [...this.offsets.keys()].filter((place) => place.startsWith(table));
    const isNew = ofTable().length === 0;
    await Promise.resolve();
    if (isNew) { for (const place of ofTable()) this.offsets.delete(place); }
    this.offsets.set(placeOf(ext), Number(ext.commitOffset));
    return { code: 0 };
  }

  #handlers(): ReadonlyMap<number, Handler> {
    const all: Record<number, Handler> = {
      310: (command) => this.#send(command),
      320: (command) => this.#send(command),
      11: (command) => this.#pull(parsePull(command.ext)),
      14: ({ ext }) => {
        const offset = this.offsets.get(placeOf(ext));
        return offset === undefined ? { code: 22 } : formatOffsetAnswer(offset);
      },
      15: ({ ext }) => this.#commit(ext),
      29: ({ ext }) => formatOffsetAnswer(Number(ext.timestamp)),
      30: ({ ext }) => formatOffsetAnswer(this.#queue(ext.topic, Number(ext.queueId)).length),
      31: () => formatOffsetAnswer(0),
      34: (command, peer) => this.#heartbeat(command, peer),
      35: ({ ext }) => {
        this.groups.get(ext.consumerGroup)?.delete(ext.clientID);
        return { code: 0 };
      },
      46: () => ({ code: 0 }),
      36: () => ({ code: 0 }),
      37: () => ({ code: 0 }),
      38: ({ ext }) => {
        const members = this.groups.get(ext.consumerGroup);
        return members ? { code: 0, body: formatConsumerIds([...members.keys()]) } : { code: 1 };
      },
    };
    return new Map(
      Object.entries(all).map(([code, handler]): [number, Handler] => [
        Number(code),
        (command, peer) => {
          this.asked.push({ ...command, body: command.body.slice() });
          return this.instead.get(command.code)?.(command) ?? handler(command, peer);
        },
      ]),
    );
  }

  #send(command: Command): Reply {
    const send = parseSendV2(command.ext);
    this.sends.push(send);
    const queueOffset = this.put(send.topic, send.queueId, "", {
      raw: command.body.slice(),
      properties: send.properties,
      sysFlag: send.sysFlag,
    });
    return formatSendReply({
      code: 0,
      msgId: send.batch ? "ID1,ID2" : "ID1",
      queueId: send.queueId,
      queueOffset,
      region: "r",
      traceOn: true,
    });
  }

  async #pull(pull: PullRequest): Promise<Reply> {
    this.pulls.push(pull);
    const queue = this.#queue(pull.topic, pull.queueId);
    if (pull.queueOffset === queue.length) await this.#arrival(pull.holdMs);
    const batch = queue.slice(
      pull.queueOffset,
      pull.queueOffset + Math.min(this.batch, pull.maxMessages),
    );
    const out = new Outbox();
    for (const record of batch) out.put(record);
    const next = pull.queueOffset + batch.length;
    const progress = { nextBeginOffset: next, minOffset: 0, maxOffset: queue.length };
    const answer = formatPullAnswer(batch.length > 0 ? 0 : 19, "", progress, this.suggest);
    return { ...answer, body: out.take() };
  }

  #arrival(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#wakes.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(ms, wake);
      this.#wakes.add(wake);
    });
  }

  #heartbeat({ body }: Command, peer: Peer): Reply {
    const { clientId, consumers } = parseHeartbeat(body);
    for (const { groupName } of consumers) {
      const members = this.groups.get(groupName) ?? new Map<string, Peer>();
      const known = members.has(clientId);
      members.set(clientId, peer);
      this.groups.set(groupName, members);
      if (!known) this.groupChanged(groupName);
    }
    return { code: 0 };
  }

  #left(peer: Peer): void {
    for (const members of this.groups.values()) {
      for (const [id, its] of members) if (its === peer) members.delete(id);
    }
  }

  #queue(topic: string, queueId: number): Uint8Array[] {
    const key = `${topic} ${queueId}`;
    const queue = this.#queues.get(key) ?? [];
    this.#queues.set(key, queue);
    return queue;
  }
}

function placeOf(ext: Command["ext"]): string {
  const fields = new Fields(ext);
  return `${fields.text("consumerGroup")} ${fields.text("topic")} ${fields.text("queueId")}`;
}

function topicConfig(topicName: string, queues: number): TopicConfig {
  return {
    order: false,
    perm: 6,
    readQueueNums: queues,
    topicFilterType: "SINGLE_TAG",
    topicName,
    topicSysFlag: 0,
    writeQueueNums: queues,
  };
}
