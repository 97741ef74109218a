import { assert, assertEquals } from "@std/assert";
import { configHandlers } from "../../../src/broker/config_handlers.ts";
import { configOf } from "../../../src/broker/configure.ts";
import { parseSettings } from "../../../src/wire/admin.ts";
import { ConfigVersion } from "../../../src/broker/admin/config_version.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";

test("26 is answered with what the broker was told, as a file that makes the same broker", () => {
  const flags = {
    namesrvAddr: "10.0.0.1:9876;10.0.0.2:9876",
    messageDelayLevel: "1s 2m",
    deleteWhen: "4;16",
    mappedFileSizeCommitLog: "65536",
    storePathRootDir: "/data",
    brokerIP1: "10.0.0.3",
  };
  const { config } = configOf({ roles: { namesrv: false, broker: "master" }, flags });
  const configVersion = new ConfigVersion({ now: () => 1_700_000_000_000 });
  const [[, handler]] = configHandlers({ config, configVersion });
  const { body, ext } = (handler as unknown as () => Reply)();
  const settings = parseSettings(body!);
  assertEquals(settings.get("brokerRole"), "ASYNC_MASTER");
  assertEquals(settings.get("mappedFileSizeCommitLog"), "65536");
  assertEquals(settings.get("namesrvAddr"), flags.namesrvAddr);
  assertEquals(settings.get("haMasterAddress"), "");
  assertEquals(settings.get("messageDelayLevel"), flags.messageDelayLevel);
  assertEquals(ext, { version: `{"counter":0,"timestamp":1700000000000}` });
  const again = configOf({
    roles: { namesrv: false, broker: "file" },
    flags: Object.fromEntries([...settings].filter(([, value]) => value !== "")),
  });
  assertEquals(again.config, config);
});

test("26 has the keys without which exportConfigs and exportMetrics end", () => {
  const { config } = configOf({ roles: { namesrv: false, broker: "master" } });
  const configVersion = new ConfigVersion({ now: () => 0 });
  const [[, handler]] = configHandlers({ config, configVersion });
  const settings = parseSettings((handler as unknown as () => Reply)().body!);
  for (
    const key of [
      ...["autoCreateSubscriptionGroup", "autoCreateTopicEnable", "brokerClusterName", "brokerId"],
      ...["brokerName", "brokerRole", "clientCallbackExecutorThreads", "fileReservedTime"],
      ...["filterServerNums", "flushDiskType", "maxMessageSize", "messageDelayLevel"],
      ...["msgTraceTopicName", "slaveReadEnable", "traceOn", "traceTopicEnable", "useTLS"],
    ]
  ) assert(settings.get(key), key);
  assertEquals(
    settings.get("messageDelayLevel"),
    "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
  );
});
