import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NameServers, nameServersIn } from "../../../src/client/name_servers.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import type { Command } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

test("nameServersIn() takes one address or several", () => {
  assertEquals(nameServersIn("a:1"), ["a:1"]);
  assertEquals(nameServersIn(" 10.0.0.1:9876;10.0.0.2:9876 ; [::1]:9876;"), [
    "10.0.0.1:9876",
    "10.0.0.2:9876",
    "[::1]:9876",
  ]);
});

for (const text of ["", ";", "host", "host:", "host:99999", "http://host:1"]) {
  test(`nameServersIn() refuses "${text}"`, () => {
    assertThrows(() => nameServersIn(text), Error, "host:port");
  });
}

type Behaviour = "answers" | "empty" | "down" | "mute";

/** Name servers a, b and c that do as `is` says. */
function servers(is: Record<string, Behaviour>) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const lost = new Set<string>();
  /** Those that are not dialled for a moment, and what they do when it is over. */
  const resting = new Map<string, Behaviour>();
  const call = (address: string): Promise<Command> => {
    asked.push(address[0]);
    switch (is[address[0]]) {
      case "answers":
        return Promise.resolve({ code: 0, remark: address[0] } as Command);
      case "empty":
        return Promise.resolve({ code: 17, remark: address[0] } as Command);
      case "down":
        return Promise.reject(new CallError("unreachable", `cannot reach ${address}`));
      default:
        return new Promise((_, reject) => {
          clock.after(3_000, () => reject(new CallError("timeout", `${address} is silent`)));
        });
    }
  };
  const redial = {
    call,
    connected: (address: string) => !lost.has(address[0]),
    rests: (address: string) => resting.has(address[0]),
    rested: (address: string) => {
      is[address[0]] = resting.get(address[0]) ?? is[address[0]];
      resting.delete(address[0]);
      return Promise.resolve();
    },
  };
  const all = new NameServers(["a:1", "b:1", "c:1"], { redial, clock });
  const ask = async () => (await all.ask({ code: 105 }, ({ code }) => code === 0)).remark;
  /** Who was asked since the last call of this. */
  const whom = () => asked.splice(0).join("");
  return { is, clock, lost, resting, ask, whom, all };
}

test("one name server is asked as long as it answers, then the next that does", async () => {
  const { is, ask, whom, all } = servers({ a: "down", b: "answers", c: "answers" });
  assertEquals([await ask(), await ask(), all.current, whom()], ["b", "b", "b:1", "abb"]);
  is.a = "answers";
  assertEquals(await ask(), "b");
  is.b = "down";
  assertEquals([await ask(), await ask(), whom()], ["c", "c", "bbcc"]);
});

test("when none answers, the error says what each of them did", async () => {
  const { ask } = servers({ a: "down", b: "down", c: "down" });
  const error = await assertRejects(ask, CallError);
  assertEquals(
    error.message,
    "no name server answers: cannot reach a:1; cannot reach b:1; cannot reach c:1",
  );
});

test("one that is not dialled for a moment is asked after it, when no other answers", async () => {
  const { resting, ask, whom } = servers({ a: "down", b: "down", c: "down" });
  resting.set("a", "answers");
  assertEquals([await ask(), whom()], ["a", "abca"]);
});

test("a silent name server holds up one question for 200 ms, and no other", async () => {
  const { clock, ask, whom } = servers({ a: "mute", b: "answers", c: "answers" });
  const first = ask();
  await clock.advance(199);
  assertEquals(whom(), "a");
  await clock.advance(1);
  assertEquals([await first, whom()], ["b", "b"]);
  assertEquals([await ask(), await ask(), whom()], ["b", "b", "bb"]);
  await clock.advance(3_000);
  assertEquals(clock.waiting, 0);
});

test("one that answers late, when the others are gone, is waited for", async () => {
  const { clock, ask } = servers({ a: "mute", b: "mute", c: "down" });
  const late = assertRejects(ask, CallError, "a:1 is silent; b:1 is silent");
  await clock.advance(3_500);
  await late;
  assertEquals(clock.waiting, 0);
});

test("one that lacks what is wanted is not believed while another has it", async () => {
  const { is, ask, whom } = servers({ a: "empty", b: "down", c: "answers" });
  assertEquals([await ask(), whom()], ["c", "abc"]);
  is.c = "empty";
  assertEquals([await ask(), whom()], ["c", "cab"]);
});

test("a silent one is not waited for long when the others say no", async () => {
  const { clock, ask, whom } = servers({ a: "empty", b: "mute", c: "empty" });
  const first = ask();
  await clock.advance(200);
  assertEquals([await first, whom()], ["a", "abc"]);
  const second = ask();
  await clock.advance(0);
  assertEquals(await second, "a");
  await clock.advance(3_000);
  assertEquals(clock.waiting, 0);
});

test("one whose connection ended may have an empty table: the next is asked first", async () => {
  const { lost, ask, whom } = servers({ a: "answers", b: "answers", c: "answers" });
  assertEquals([await ask(), await ask(), whom()], ["a", "a", "aa"]);
  lost.add("a");
  assertEquals([await ask(), await ask(), whom()], ["b", "b", "bb"]);
});
