import { assertEquals, assertThrows } from "@std/assert";
import { permOf, permText } from "../../../../src/cli/admin/perm.ts";
import { addressOf, heard, mastersIn } from "../../../../src/cli/admin/reach.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { test } from "../../../harness.ts";

const broker = (cluster: string, id: number) => ({
  cluster,
  name: "b",
  id,
  address: `${cluster}${id}:1`,
});

test("mastersIn() takes the only cluster, and asks which of several", () => {
  assertEquals(mastersIn([broker("c", 0), broker("c", 1)]), ["c0:1"]);
  const two = [broker("east", 0), broker("west", 0)];
  assertEquals(mastersIn(two, "west"), ["west0:1"]);
  const which = assertThrows(() => mastersIn(two), UsageError);
  assertEquals(which.message, "there are several clusters, name one with -c: east, west");
  const misspelt = assertThrows(() => mastersIn(two, "wset"), UsageError);
  assertEquals(misspelt.message, 'unknown cluster "wset", did you mean west?');
  assertThrows(() => mastersIn([broker("c", 1)]), CallError, "no master");
});

test("heard() tells a node that is late from one that is gone", async () => {
  const ended = (kind: "timeout" | "closed") => heard(Promise.reject(new CallError(kind, kind)));
  assertEquals(await ended("timeout"), { reason: "timeout", exit: 124 });
  assertEquals(await ended("closed"), { reason: "closed", exit: 1 });
  assertEquals(await heard(Promise.resolve(5)), { value: 5 });
});

test("addressOf() wants host:port", () => {
  assertEquals(addressOf("10.0.0.1:10911"), "10.0.0.1:10911");
  assertThrows(() => addressOf("10.0.0.1"), UsageError, "it must be host:port");
});

test("permissions are read as letters or as Java's numbers", () => {
  for (const [text, perm] of [["rw", 6], ["R", 4], ["W", 2], ["none", 0], ["6", 6]] as const) {
    assertEquals(permOf(text), perm);
  }
  assertEquals([7, 4, 2, 1, 0].map(permText), ["RW", "R", "W", "none", "none"]);
  assertThrows(() => permOf("x"), UsageError, 'permission is "x", it must be RW, R, W or none');
});
