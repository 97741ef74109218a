import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NameServers, nameServersIn } from "../../../src/client/name_servers.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import type { Command } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";

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

/** Name servers of which only those in `up` answer. */
function servers(up: Set<string>) {
  const asked: string[] = [];
  const call = (address: string) => {
    asked.push(address);
    return up.has(address)
      ? Promise.resolve({ remark: address } as Command)
      : Promise.reject(new CallError("unreachable", `cannot reach ${address}`));
  };
  const all = new NameServers(["a:1", "b:1", "c:1"], { call });
  const ask = async () => (await all.ask({ code: 106 })).remark;
  return { ask, asked, all };
}

test("one name server is asked as long as it answers, then the next that does", async () => {
  const up = new Set(["b:1", "c:1"]);
  const { ask, asked, all } = servers(up);
  assertEquals([await ask(), await ask(), all.current], ["b:1", "b:1", "b:1"]);
  up.add("a:1");
  assertEquals(await ask(), "b:1");
  up.delete("b:1");
  assertEquals([await ask(), await ask()], ["c:1", "c:1"]);
  assertEquals(asked, ["a:1", "b:1", "b:1", "b:1", "b:1", "c:1", "c:1"]);
});

test("when none answers, the error says what each of them did", async () => {
  const { ask } = servers(new Set());
  const error = await assertRejects(ask, CallError);
  assertEquals(
    error.message,
    "no name server answers: cannot reach a:1; cannot reach b:1; cannot reach c:1",
  );
});
