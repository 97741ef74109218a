/** mqadmin's commands that go on until they are ended, each in a process of its own, looked at for a while. */
import { assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../../harness.ts";
import { runJava } from "../java.ts";
import type { Running } from "../processes.ts";
import { lazily } from "../suite.ts";
import { live } from "./live.ts";
import { eventually, type Twin } from "./twins.ts";

/** A command that runs. */
interface Forever {
  readonly process: Running;
  readonly lines: readonly string[];
  /** What its client logs. */
  log(): string;
}

function start(twin: Twin, command: string): Forever {
  const words = twin.words(command);
  const home = join(twin.files, words[0]);
  const lines: string[] = [];
  const main = "pocketmq.interop.Forever";
  const process = runJava(home, ["-Xmx64m"], main, words, (line) => lines.push(line));
  const file = join(home, "rocketmq_client.log");
  return { process, lines, log: () => existsSync(file) ? readFileSync(file, "utf8") : "" };
}

const both = lazily(async () => {
  const { ours, java } = await live();
  const start2 = (command: string) => [start(ours, command), start(java, command)] as const;
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
    const isThere = () => Promise.resolve(times.every((each) => rounds(each) >= 2));
    await eventually("two rounds", isThere).catch((error) => {
      throw new Error(`${error.message}\n${times.map(({ process }) => process.said()).join("\n")}`);
    });
    const [ours, java] = times.map(({ lines }) => lines.map(withoutTime).slice(0, 3));
    assertEquals(ours, java);
    assertMatch(ours[1], /^DefaultCluster +broker-a +<ms> +3 +0 *$/);
    for (const { process } of times) await process.end("SIGKILL");
  });

  test("mqadmin startMonitoring sees every group that is online", async () => {
    const { monitors } = await both();
    await eventually("a round", () => Promise.resolve(monitors.every(({ log }) => isRound(log()))));
    const [ours, java] = monitors.map(({ log }) => watched(log()));
    assertEquals(ours, java);
    assertMatch(ours.join(), /LiveGroup, topic=Live,.*LiveOrderly, topic=%RETRY%LiveOrderly/);
    for (const { process } of monitors) await process.end("SIGKILL");
  });
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
