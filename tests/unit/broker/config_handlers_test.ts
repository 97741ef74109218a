import { assertEquals } from "@std/assert";
import { configHandlers } from "../../../src/broker/config_handlers.ts";
import { configOf } from "../../../src/broker/configure.ts";
import { parseSettings } from "../../../src/wire/admin.ts";
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
  const [[, handler]] = configHandlers(config);
  const { body } = (handler as unknown as () => Reply)();
  const settings = parseSettings(body!);
  assertEquals(settings.get("brokerRole"), "ASYNC_MASTER");
  assertEquals(settings.get("mappedFileSizeCommitLog"), "65536");
  assertEquals(settings.get("namesrvAddr"), flags.namesrvAddr);
  assertEquals(settings.get("haMasterAddress"), "");
  const again = configOf({
    roles: { namesrv: false, broker: "file" },
    flags: Object.fromEntries([...settings].filter(([, value]) => value !== "")),
  });
  assertEquals(again.config, config);
});
