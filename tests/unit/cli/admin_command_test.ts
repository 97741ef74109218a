import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { admin } from "../../../src/cli/admin_command.ts";
import type { Context } from "../../../src/cli/command.ts";
import { main } from "../../../src/cli/main.ts";
import { test } from "../../harness.ts";

/** What `pocketmq admin ARGS` prints and ends with, on a machine it asks nothing of. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const terminal = {
    args: ["admin", ...args],
    env: {},
    stdout: (text: string) => void (out += text),
    stderr: (text: string) => void (err += text),
  };
  const runtime = { name: "deno", version: "2.9.5" };
  const code = await main({ runtime, terminal, program: "pocketmq" } as unknown as Context);
  return { code, out, err };
}

test("admin alone, its --help and mqadmin's help list every command", async () => {
  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    const { code, out } = await run(...args);
    assertEquals(code, 0);
    assertMatch(
      out,
      /^Run mqadmin's commands, by its own names and flags\.\n\nUsage: pocketmq admin/,
    );
    assertMatch(out, /\n {2}clusterList +List every broker/);
  }
});

test("help of one command comes by --help, -h and mqadmin's help, in any case", async () => {
  const asked = await run("topicRoute", "--help");
  assertStringIncludes(asked.out, "Usage: pocketmq admin topicRoute -t TOPIC [-l] [-n TEXT]\n");
  for (
    const args of [["topicRoute", "-t", "T", "-h"], ["help", "topicroute"], ["TOPICROUTE", "-h"]]
  ) {
    assertEquals(await run(...args), asked);
  }
});

test("a wrong name and a wrong flag are said, with what may be meant and where help is", async () => {
  assertEquals(await run("clusterLst"), {
    code: 2,
    out: "",
    err: 'pocketmq: unknown command "clusterLst", did you mean clusterList?\n' +
      "Try: pocketmq admin --help\n",
  });
  assertEquals(await run("topicRoute", "--topc", "T"), {
    code: 2,
    out: "",
    err: "pocketmq: unknown flag --topc, did you mean --topic?\n" +
      "Try: pocketmq admin topicRoute --help\n",
  });
  assertEquals(
    (await run("-n", "10.0.0.1:9876", "topicList")).err.split("\n")[0],
    `pocketmq: admin needs a command's name first, before "-n"`,
  );
});

test("a command that is not there yet says why, and fails", async () => {
  assertEquals(await run("getAclConfig", "-b", "10.0.0.5:10911"), {
    code: 1,
    out: "",
    err: "pocketmq: getAclConfig is not supported yet: access control lists are not built yet\n",
  });
});

test("a shell can complete names and flags", () => {
  assertEquals("verbs" in admin && "flags" in admin.verbs.topicRoute, true);
  const route = "verbs" in admin ? admin.verbs.topicRoute : undefined;
  assertEquals(route && "flags" in route && route.flags.topic, {
    kind: "text",
    letter: "t",
    names: "topic",
  });
});
