import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../../src/base/bytes.ts";
import { setConfig, settingsOf } from "../../../../src/cli/admin/broker_set.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { test } from "../../../harness.ts";
import { fakeTerminal } from "../../../support/fake_terminal.ts";

/** Runs --set on a broker that has these settings, and takes changes as `takes` says. */
async function set(
  given: readonly string[],
  takes: (has: Map<string, string>, key: string, value: string) => void,
  { json = false, remark = undefined as string | undefined, code = 0 } = {},
) {
  const has = new Map([["deleteWhen", "04"], ["listenPort", "10911"], ["brokerIP2", ""]]);
  const { terminal, out } = fakeTerminal();
  const asked: number[] = [];
  const call = (_: string, request: { code: number; body?: Uint8Array }) => {
    asked.push(request.code);
    const lines = textOf(request.body ?? new Uint8Array(0)).split("\n").filter((line) => line);
    if (request.code === 25) {
      lines.forEach((line) => takes(has, ...line.split("=") as [string, string]));
    }
    const body = request.code === 26
      ? utf8([...has].map((pair) => `${pair.join("=")}\n`).join(""))
      : new Uint8Array(0);
    const answer = request.code === 25 ? { code, remark } : { code: 0 };
    return Promise.resolve({ flag: 1, opaque: 0, ext: {}, body, ...answer });
  };
  const settings = settingsOf(given);
  const lines = { calls: { call } } as unknown as Parameters<typeof setConfig>[1];
  const exit = await setConfig({ terminal }, lines, "b:1", { settings, json });
  return { ...out, exit, asked };
}

test("--set says what counts at once, and what when the broker has started again", async () => {
  const all = ["deleteWhen=03", "listenPort=1", "brokerIP2=10.0.0.2"];
  const { exit, stdout, stderr } = await set(all, (has, key, value) => has.set(key, value));
  assertEquals([exit, stderr], [0, ""]);
  assertEquals(
    stdout,
    "deleteWhen: 04 -> 03, at once\n" +
      "listenPort: 10911 -> 1, when the broker has started again\n" +
      "brokerIP2: (empty) -> 10.0.0.2, when the broker has started again\n",
  );
  const same = await set(["listenPort=10911"], () => {}, { json: true });
  const line = { key: "listenPort", value: "10911", before: "10911", counts: "now" };
  assertEquals(JSON.parse(same.stdout), { broker: "b:1", ...line });
});

test("--set changes nothing when the broker has no such key", async () => {
  const { exit, stdout, stderr, asked } = await set(["deletWhen=03"], () => {});
  assertEquals([exit, stdout, asked], [1, "", [26]]);
  assertEquals(
    stderr,
    "pocketmq: b:1 has no key deletWhen, did you mean deleteWhen? Nothing was changed\n",
  );
});

test("--set tells when a broker took a value and has another, and what it says of it", async () => {
  const { exit, stdout, stderr } = await set(["deleteWhen=x"], () => {}, { remark: "until then" });
  assertEquals([exit, stdout], [1, ""]);
  assertEquals(
    stderr,
    "pocketmq: b:1 says: until then\npocketmq: b:1 took deleteWhen = x and has 04 nevertheless\n",
  );
});

test("settingsOf() wants KEY=VALUE", () => {
  assertEquals([...settingsOf(["a=b=c", "d = e", "f="])], [["a", "b=c"], ["d", "e"], ["f", ""]]);
  assertThrows(() => settingsOf(["a"]), UsageError, '--set is "a", it must be KEY=VALUE');
});
