/** mqadmin's commands that go on until they are ended, each in a process of its own, looked at for a while. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../../harness.ts";
import { runJava } from "../java.ts";
import type { Running } from "../processes.ts";
import { lazily } from "../suite.ts";
import { live } from "./live.ts";
import type { Twin } from "./twins.ts";

/** A command that runs; one that could not begin on a busy machine is started once more. */
class Forever {
  readonly lines: string[] = [];
  readonly #start: () => Running;
  readonly #log: string;
  #process: Running;
  #starts = 1;
  #ended = false;

  constructor(twin: Twin, command: string) {
    const words = twin.words(command);
    const home = join(twin.files, words[0]);
    this.#log = join(home, "rocketmq_client.log");
    const hear = (line: string) => void this.lines.push(line);
    this.#start = () => runJava(home, ["-Xmx64m"], "pocketmq.interop.Forever", words, hear);
    this.#process = this.#watched(this.#start());
  }

  #watched(process: Running): Running {
    process.exited.then(() => {
      if (!this.#ended && this.#starts++ < 4) this.#process = this.#watched(this.#start());
    });
    return process;
  }

  /** What its client logs. */
  log(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8") : "";
  }

  /** What it printed and logged last, for the report of a failure. */
  said(): string {
    return `${this.#process.said()}\n${this.log().slice(-2_000)}`;
  }

  end(): Promise<unknown> {
    this.#ended = true;
    return this.#process.end("SIGKILL");
  }
}

const both = lazily(async () => {
  const { ours, java } = await live();
  const start2 = (command: string) =>
    [new Forever(ours, command), new Forever(java, command)] as const;
  return {
    monitors: start2("startMonitoring -n {namesrv}"),
    times: start2("clusterRT -n {namesrv} -a 3 -s 10 -i 1"),
  };
});

test("mqadmin startMonitoring and clusterRT start", async () => void await both());

/** What both have found; checked by the tests of `foreverEnds`, so that other tests run meanwhile. */
export function foreverEnds(): void {
  test("mqadmin clusterRT tells again and again how long sends take", async () => {
    const { times } = await both();
    await until("two rounds", times, (each) => rounds(each) >= 2);
    const [ours, java] = times.map(({ lines }) => lines.map(withoutTime).slice(0, 3));
    assertEquals(ours, java);
    assertMatch(ours[1], /^DefaultCluster +broker-a +<ms> +3 +0 *$/);
    for (const each of times) await each.end();
  });

  test("mqadmin startMonitoring sees every group that is online", async () => {
    const { monitors } = await both();
    await until("a round", monitors, (each) => isRound(each.log()));
    const [ours, java] = monitors.map((each) => watched(each.log()));
    assertEquals(ours, java);
    assertMatch(ours.join(), /LiveGroup, topic=Live,.*LiveOrderly, topic=%RETRY%LiveOrderly/);
    for (const each of monitors) await each.end();
  });
}

/** The first round of a monitor begins after 20 s; a busy machine makes of these a minute. */
async function until(
  what: string,
  commands: readonly Forever[],
  holds: (command: Forever) => boolean,
): Promise<void> {
  for (const end = Date.now() + 90_000; !commands.every(holds);) {
    const isLate = Date.now() > end;
    const said = isLate ? commands.map((each) => each.said()).join("\n---\n") : "";
    assert(!isLate, `not within 90 s: ${what}\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function rounds({ lines }: Forever): number {
  return lines.filter((line) => line.startsWith("DefaultCluster")).length;
}

function withoutTime(line: string): string {
  return line.replace(/ +\d+\.\d\d +/, " <ms> ");
}

function isRound(log: string): boolean {
  return /\[MONITOR\] =+endRound/.test(log);
}

/** Groups and topics that the first round told of; how much was left to read is a matter of the moment. */
function watched(log: string): string[] {
  const [round] = log.split(/\[MONITOR\] =+endRound/);
  return [...round.matchAll(/reportUndoneMsgs: UndoneMsgs \[(consumerGroup=[^,]+, topic=[^,]+),/g)]
    .map(([, what]) => what).sort();
}
