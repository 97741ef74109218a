import { assertEquals } from "@std/assert";
import { configOf } from "../../../../src/broker/configure.ts";
import { parseNode } from "../../../../src/cli/args.ts";
import { type Setting, settingsOf } from "../../../../src/cli/config/effective.ts";
import { test } from "../../../harness.ts";

interface Told {
  readonly args: readonly string[];
  readonly file?: Record<string, string>;
  readonly env?: Record<string, string>;
}

function settings({ args, file, env = {} }: Told): Setting[] {
  const node = parseNode(args);
  const { namesrv, master, slave } = node;
  const broker = master ? "master" : slave ? "slave" : namesrv ? undefined : "file";
  const addresses = ["10.0.0.5"];
  const configured = configOf({
    roles: { namesrv, broker },
    file,
    env,
    flags: node.keys,
    addresses,
  });
  const lines = new Map(Object.keys(file ?? {}).map((key, i) => [key, i + 1]));
  return settingsOf(configured, { node, env, lines, addresses });
}

const sourceOf = (key: string, told: Told) => settings(told).find((one) => one.key === key)?.source;

test("each value says where it comes from", () => {
  const told = {
    args: ["--slave", "-c", "etc/b.conf", "--listenPort", "20911"],
    file: { brokerName: "b", listenPort: "1", flushDiskType: "SYNC_FLUSH" },
    env: { POCKETMQ_FLUSH_DISK_TYPE: "ASYNC_FLUSH", NAMESRV_ADDR: "h:1" },
  };
  assertEquals(sourceOf("brokerName", told), "etc/b.conf:1");
  assertEquals(sourceOf("listenPort", told), "--listenPort");
  assertEquals(sourceOf("flushDiskType", told), "POCKETMQ_FLUSH_DISK_TYPE");
  assertEquals(sourceOf("namesrvAddr", told), "NAMESRV_ADDR");
  assertEquals(sourceOf("brokerRole", told), "--slave");
  assertEquals(sourceOf("haListenPort", told), "default");
  const both = { NAMESRV_ADDR: "h:1", POCKETMQ_NAMESRV_ADDR: "h:2" };
  assertEquals(sourceOf("namesrvAddr", { ...told, env: both }), "POCKETMQ_NAMESRV_ADDR");
  assertEquals(
    sourceOf("namesrvAddr", { args: ["--namesrv", "--master"] }),
    "the name server beside it",
  );
});

test("changed is what differs from a node that is told nothing, not what follows from it", () => {
  const changed = (told: Told) =>
    settings(told).filter((one) => one.changed).map(({ key, text }) => `${key}=${text}`);
  assertEquals(changed({ args: ["--master"] }), []);
  assertEquals(changed({ args: ["--slave"] }), ["brokerRole=SLAVE"]);
  assertEquals(changed({ args: ["--slave", "--brokerId", "1", "--listenPort", "9"] }), [
    "brokerRole=SLAVE",
    "listenPort=9",
  ]);
  const file = { brokerId: "7", deleteWhen: "04", namesrvAddr: "h:1;h:2" };
  assertEquals(changed({ args: ["-c", "f"], file }), ["namesrvAddr=h:1;h:2"]);
});

test("a name server alone has three settings, and takes its port from either key", () => {
  const told = { args: ["--namesrv", "--listenPort", "5"] };
  assertEquals(settings(told).map(({ key, text, source }) => [key, text, source]), [
    ["namesrvPort", "5", "--listenPort"],
    ["bindAddress", "0.0.0.0", "default"],
    ["kvConfigPath", "./pocketmq-data/namesrv-5/kvConfig.json", "default"],
  ]);
});
