import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { textOf, utf8 } from "../../../../src/base/bytes.ts";
import { liveConfig } from "../../../../src/broker/admin/live_config.ts";
import { SavedConfig } from "../../../../src/broker/admin/saved_config.ts";
import {
  updateConfigHandler,
  type UpdateContext,
} from "../../../../src/broker/admin/update_config.ts";
import type { BrokerConfig } from "../../../../src/broker/config.ts";
import type { Peer } from "../../../../src/rpc/peer.ts";
import type { Reply } from "../../../../src/wire/command.ts";
import { test } from "../../../harness.ts";
import { brokerRig } from "../../../support/broker_rig.ts";
import { commandOf } from "../../../support/far_end.ts";
import { MemFs } from "../../../support/mem_fs.ts";

const FILE = "# ours\nbrokerPermission = 6\nlistenPort=10911\nbrokerPermission: 6";

/** A broker whose configuration may be changed: what 25 answers, and what came of it. */
async function changeable(started: Pick<UpdateContext, "origins"> & { file?: boolean } = {}) {
  const rig = await brokerRig();
  const fs = new MemFs();
  const dir = fs.dir("/etc");
  dir.make();
  using file = dir.open("b.properties", "create");
  file.writeAt(0, utf8(FILE));
  const config: BrokerConfig = liveConfig(rig.config);
  const saved = started.file === false ? undefined : new SavedConfig(fs, "/etc/b.properties");
  const [, handler] = updateConfigHandler({ ...rig.parts, ...started, config, saved });
  const change = async (text: string): Promise<Reply> =>
    await handler(commandOf({ code: 25, body: utf8(text) }), {} as Peer)!;
  const saidOf = (name: string) => textOf(fs.bytes(`/etc/${name}`));
  return { rig, fs, config, change, saidOf, [Symbol.asyncDispose]: () => rig.close() };
}

test("25 changes what may change, at once and in the file, whose last form is kept", async () => {
  await using it = await changeable();
  const { counter } = it.rig.parts.topics.dataVersion;
  const { code } = await it.change("brokerPermission=4\nfileReservedTime=48\n");
  assertEquals(code, 0);
  assertEquals([it.config.brokerPermission, it.config.fileReservedTime], [4, 48]);
  assertEquals(
    it.saidOf("b.properties"),
    "# ours\nbrokerPermission=4\nlistenPort=10911\nfileReservedTime=48\n",
  );
  assertEquals(it.saidOf("b.properties.bak"), FILE);
  assert(it.rig.parts.topics.dataVersion.counter > counter, "name servers take it as new");
  const [version] = [JSON.parse(it.rig.parts.configVersion.text)];
  assertEquals(version, { counter: 1, timestamp: it.rig.clock.now() }, "26 has a new version");
});

test("25 refuses a path with 16, and what needs a restart or cannot be with 1: then nothing changes", async () => {
  await using it = await changeable();
  const cases: [string, number, string][] = [
    ["storePathRootDir=/etc", 16, "paths are set at the start"],
    ["rocketmqHome=/", 16, "paths are set at the start"],
    ["listenPort=1234", 1, "Cannot change listenPort from 10911 to 1234 while the broker runs"],
    ["brokerPermission=9", 1, "it must be a whole number from 0 to 7"],
    ["aclEnable=true", 1, "access control is not in this version"],
  ];
  for (const [text, code, said] of cases) {
    const answer = await it.change(`fileReservedTime=1\n${text}\n`);
    assertEquals(answer.code, code, text);
    assertStringIncludes(answer.remark!, said);
  }
  assertEquals([it.config.fileReservedTime, it.saidOf("b.properties")], [72, FILE]);
});

test("25 takes what is so already, and keys that mean nothing here", async () => {
  await using it = await changeable();
  const { code } = await it.change("listenPort=10911\nsendMessageThreadPoolNums=8\nnoSuchKey=1\n");
  assertEquals(code, 0);
  assertEquals(it.saidOf("b.properties"), FILE);
  assertStringIncludes(it.rig.log.lines.at(-1)!, "noSuchKey");
});

test("25 changes nothing when the file cannot be written", async () => {
  await using it = await changeable();
  it.fs.dir("/etc").remove("b.properties");
  const { code, remark } = await it.change("brokerPermission=4\n");
  assertEquals([code, it.config.brokerPermission], [1, 6]);
  assertStringIncludes(remark!, "its file cannot be written");
});

test("25 says in its answer and in the log which change a restart will not find", async () => {
  const origins = new Map(
    [
      ["fileReservedTime", "flag"],
      ["brokerPermission", "environment"],
      ["longPollingEnable", "file"],
    ] as const,
  );
  await using it = await changeable({ origins });
  const { code, remark } = await it.change(
    "fileReservedTime=48\nbrokerPermission=4\nlongPollingEnable=false\ndeleteWhen=05\n",
  );
  const flag =
    "fileReservedTime holds until the broker restarts: the flag --fileReservedTime outranks the file";
  const variable =
    "brokerPermission holds until the broker restarts: POCKETMQ_BROKER_PERMISSION outranks the file";
  assertEquals([code, remark], [0, `${flag}; ${variable}`]);
  for (const said of [flag, variable]) {
    assert(it.rig.log.lines.some((line) => line.includes(said)), it.rig.log.lines.join("\n"));
  }
  assertStringIncludes(it.saidOf("b.properties"), "fileReservedTime=48");
});

test("25 of a broker that was started without a file says that its changes are lost at a restart", async () => {
  await using it = await changeable({ file: false });
  const { code, remark } = await it.change("fileReservedTime=48\n");
  assertEquals([code, it.config.fileReservedTime], [0, 48]);
  assertEquals(
    remark,
    "fileReservedTime holds until the broker restarts: it was started without a file that could keep it",
  );
});
