import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type ConfigKey, options } from "../../../src/broker/config.ts";
import {
  ConfigError,
  configOf,
  environmentName,
  type Sources,
} from "../../../src/broker/configure.ts";
import { javaKeys, lackingWhenTrue, refusedWhenTrue } from "../../../src/broker/java_keys.ts";
import { test } from "../../harness.ts";

const master: Sources = { roles: { namesrv: false, broker: "master" }, addresses: ["10.1.2.3"] };
const slave: Sources = { roles: { namesrv: false, broker: "slave" }, addresses: ["10.1.2.3"] };
const fromFile: Sources = { roles: { namesrv: false, broker: "file" } };

test("configOf() gives RocketMQ's defaults and our exceptions", () => {
  const { config, origins, warnings } = configOf(master);
  assertEquals(
    [config.brokerRole, config.brokerId, config.brokerName, config.brokerClusterName],
    ["ASYNC_MASTER", 0, "broker-a", "DefaultCluster"],
  );
  assertEquals([config.listenPort, config.haListenPort], [10911, 10912]);
  assertEquals([config.brokerIP1, config.brokerIP2], ["10.1.2.3", "10.1.2.3"]);
  assertEquals(config.storePathRootDir, "./pocketmq-data/broker-a-0");
  assertEquals(config.storePathCommitLog, "./pocketmq-data/broker-a-0/commitlog");
  assertEquals([config.mappedFileSizeCommitLog, config.flushDiskType], [2 ** 30, "ASYNC_FLUSH"]);
  assertEquals(config.slaveReadEnable, true);
  assertEquals([config.slaveTimeout, config.inSyncReplicas, config.minInSyncReplicas], [
    2500,
    2,
    1,
  ]);
  assertEquals([config.haSyncFrom, config.haMasterAddress], ["min", undefined]);
  assertEquals(config.namesrvAddr, ["127.0.0.1:9876"]);
  assertEquals(origins.get("brokerName"), "default");
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0], "127.0.0.1:9876 is used");
});

test("configOf() gives a value nobody can change", () => {
  const { config } = configOf(master);
  assert(Object.isFrozen(config) && Object.isFrozen(config.namesrvAddr));
});

test("configOf() takes default < file < environment < flag, and says which", () => {
  const file = { brokerName: "f", brokerClusterName: "f", defaultTopicQueueNums: "3" };
  const env = { POCKETMQ_BROKER_NAME: "e", POCKETMQ_BROKER_CLUSTER_NAME: "e" };
  const { config, origins } = configOf({ ...master, file, env, flags: { brokerName: "g" } });
  assertEquals(
    [config.brokerName, config.brokerClusterName, config.defaultTopicQueueNums],
    ["g", "e", 3],
  );
  const keys = ["brokerName", "brokerClusterName", "defaultTopicQueueNums", "listenPort"] as const;
  assertEquals(keys.map((key) => origins.get(key)), ["flag", "environment", "file", "default"]);
});

test("configOf() takes NAMESRV_ADDR over the file, POCKETMQ_NAMESRV_ADDR over that, a flag over all", () => {
  const file = { namesrvAddr: "f:1" };
  const env = { NAMESRV_ADDR: "e:1;e:2" };
  assertEquals(configOf({ ...master, file, env }).config.namesrvAddr, ["e:1", "e:2"]);
  const both = { ...env, POCKETMQ_NAMESRV_ADDR: "p:1" };
  assertEquals(configOf({ ...master, file, env: both }).config.namesrvAddr, ["p:1"]);
  const flags = { namesrvAddr: "10.0.0.1:9876; 10.0.0.2:9876" };
  assertEquals(
    configOf({ ...master, file, env: both, flags }).config.namesrvAddr,
    ["10.0.0.1:9876", "10.0.0.2:9876"],
  );
});

test("environmentName() puts a line between the words of a key", () => {
  assertEquals(environmentName("brokerName"), "POCKETMQ_BROKER_NAME");
  assertEquals(environmentName("brokerIP1"), "POCKETMQ_BROKER_IP1");
  assertEquals(
    environmentName("mappedFileSizeCommitLog"),
    "POCKETMQ_MAPPED_FILE_SIZE_COMMIT_LOG",
  );
});

test("configOf() uses the name server of its own process when none was named", () => {
  const roles = { namesrv: true, broker: "master" } as const;
  const { config, origins, warnings } = configOf({ roles, flags: { namesrvPort: "19876" } });
  assertEquals([config.namesrvAddr, origins.get("namesrvAddr")], [["127.0.0.1:19876"], "process"]);
  assertEquals(warnings, []);
});

test("configOf() takes listenPort for a name server that is alone, namesrvPort before it", () => {
  const roles = { namesrv: true };
  const port = (flags: Record<string, string>) => configOf({ roles, flags }).config.namesrvPort;
  assertEquals(port({}), 9876);
  assertEquals(port({ listenPort: "9877" }), 9877);
  assertEquals(port({ listenPort: "9877", namesrvPort: "9878" }), 9878);
});

test("configOf() gives each name server of a machine a folder by its port", () => {
  const pathOf = (flags: Record<string, string>) =>
    configOf({ roles: { namesrv: true }, flags }).config.kvConfigPath;
  assertEquals(pathOf({ listenPort: "1234" }), "./pocketmq-data/namesrv-1234/kvConfig.json");
  assertEquals(pathOf({ kvConfigPath: "/etc/mq/kvConfig.json" }), "/etc/mq/kvConfig.json");
  const error = assertThrows(() => pathOf({ kvConfigPath: "/etc/mq/kv.json" }), ConfigError);
  assertStringIncludes(error.message, "it must be a path that ends in /kvConfig.json");
});

test("configOf() sets the role by its flag", () => {
  assertEquals(configOf(slave).config.brokerRole, "SLAVE");
  assertEquals(configOf(slave).config.brokerId, 1);
  assertEquals(configOf(slave).config.storePathRootDir, "./pocketmq-data/broker-a-1");
  const sync = configOf({ ...master, file: { brokerRole: "SYNC_MASTER" } });
  assertEquals([sync.config.brokerRole, sync.origins.get("brokerRole")], ["SYNC_MASTER", "file"]);
  const file = { brokerRole: "SLAVE", brokerId: "3" };
  assertEquals(configOf({ ...fromFile, file }).config.brokerId, 3);
  assertEquals(configOf(fromFile).config.brokerRole, "ASYNC_MASTER");
});

test("configOf() forces id 0 on a master and says so", () => {
  const { config, warnings } = configOf({
    ...master,
    flags: { brokerId: "7", namesrvAddr: "n:1" },
  });
  assertEquals(config.brokerId, 0);
  assertEquals(warnings, ["brokerId 7 (flag) is not used; a master is 0"]);
});

test("configOf() puts the HA port one above, unless another was given", () => {
  const ports = (flags: Record<string, string>) => {
    const { listenPort, haListenPort } = configOf({ ...master, flags }).config;
    return [listenPort, haListenPort];
  };
  assertEquals(ports({ listenPort: "20911" }), [20911, 20912]);
  assertEquals(ports({ listenPort: "20911", haListenPort: "0" }), [20911, 20912]);
  assertEquals(ports({ haListenPort: "30000" }), [10911, 30000]);
  assertEquals(ports({ listenPort: "0" }), [0, 0]);
});

test("configOf() tells others the address it is bound to", () => {
  const told = (flags: Record<string, string>) => {
    const { brokerIP1, brokerIP2 } = configOf({ ...master, flags }).config;
    return [brokerIP1, brokerIP2];
  };
  assertEquals(told({ bindAddress: "127.0.0.1" }), ["127.0.0.1", "127.0.0.1"]);
  assertEquals(told({ brokerIP1: "1.2.3.4" }), ["1.2.3.4", "1.2.3.4"]);
  assertEquals(told({ brokerIP2: "1.2.3.4" }), ["10.1.2.3", "1.2.3.4"]);
  const alone = configOf({ ...master, addresses: [] }).config;
  assertEquals(alone.brokerIP1, "127.0.0.1");
});

test("configOf() rounds a consume queue file up to whole entries", () => {
  const flags = { mappedFileSizeConsumeQueue: "1001" };
  assertEquals(configOf({ ...master, flags }).config.mappedFileSizeConsumeQueue, 1020);
});

test("configOf() drops spaces behind a value of the file and says so, and takes an empty one for none", () => {
  const file = { brokerRole: "SYNC_MASTER ", haMasterAddress: "", namesrvAddr: "n:1" };
  const { config, warnings } = configOf({ ...fromFile, file });
  assertEquals([config.brokerRole, config.haMasterAddress], ["SYNC_MASTER", undefined]);
  assertEquals(warnings, ["brokerRole in the file has spaces behind its value; they are dropped"]);
});

test("configOf() takes a flag without a value for true where that makes sense", () => {
  const flags = { traceTopicEnable: "" };
  assertEquals(configOf({ ...master, flags }).config.traceTopicEnable, true);
  const error = assertThrows(() => configOf({ ...master, flags: { brokerName: "" } }), ConfigError);
  assertStringIncludes(error.message, "--brokerName needs a value, 1 to 127 of");
});

test("configOf() warns about an unknown key with the nearest known one", () => {
  const file = { brokerNmae: "x", slaveReadEnabled: "true", "something.else": "1" };
  const { warnings } = configOf({ ...master, file, flags: { namesrvAddr: "n:1" } });
  assertEquals(warnings, [
    "unknown key brokerNmae (file) is not used; did you mean brokerName?",
    "unknown key slaveReadEnabled (file) is not used; did you mean slaveReadEnable?",
    "unknown key something.else (file) is not used",
  ]);
});

test("configOf() takes Java's other keys without a word", () => {
  const file = {
    sendMessageThreadPoolNums: "16",
    deleteWhen: "04",
    transientStorePoolEnable: "true",
  };
  assertEquals(configOf({ ...master, file, flags: { namesrvAddr: "n:1" } }).warnings, []);
});

test("configOf() says what of a Java broker's features it lacks, where a file asks for one", () => {
  const file = { enableLmq: "true", enableMultiDispatch: "TRUE", enableConsumeQueueExt: "false" };
  const flags = { namesrvAddr: "n:1", enableConsumeQueueExt: "" };
  const { warnings } = configOf({ ...master, file, flags });
  assertEquals(warnings, [
    "enableLmq (file) is not supported: light queues (%LMQ%...) are not served",
    "enableMultiDispatch (file) is not supported: a message is in the queue of its own topic alone",
    "enableConsumeQueueExt (flag) is not supported: no consumequeue_ext is written",
  ]);
  const env = { POCKETMQ_ENABLE_LMQ: "true" };
  assertEquals(configOf({ ...master, env, flags: { namesrvAddr: "n:1" } }).warnings.length, 1);
});

test("a key is an option, refused, lacking or without effect, and but one of them", () => {
  const keys = [
    ...Object.keys(options),
    ...refusedWhenTrue.keys(),
    ...lackingWhenTrue.keys(),
    ...javaKeys,
  ];
  assertEquals(keys.filter((key, i) => keys.indexOf(key) !== i), []);
});

test("configOf() refuses a key that asks for protection it has not, and takes it when off", () => {
  const error = assertThrows(
    () => configOf({ ...master, file: { aclEnable: "true" } }),
    ConfigError,
  );
  assertStringIncludes(error.message, "Cannot use aclEnable = true (file): access control is not");
  assertThrows(() => configOf({ ...master, flags: { aclEnable: "" } }), ConfigError, "(flag)");
  configOf({ ...master, file: { aclEnable: "false", enableDLegerCommitLog: "false" } });
});

test("configOf() puts the log below the store, or where it is told", () => {
  const logOf = (file: Record<string, string>) => {
    return configOf({ ...master, file }).config.storePathCommitLog;
  };
  assertEquals(logOf({ storePathRootDir: "/data/a/" }), "/data/a/commitlog");
  assertEquals(logOf({ storePathRootDir: "/data/a", storePathCommitLog: "/log" }), "/log");
});

test("configOf() reads delay levels as ms", () => {
  const delays = (flags: Record<string, string>) =>
    configOf({ ...master, flags }).config.messageDelayLevel;
  assertEquals(delays({ messageDelayLevel: "1s 2m  1h 1d" }), [1e3, 12e4, 36e5, 864e5]);
  assertEquals([delays({}).length, delays({})[17]], [18, 72e5]);
});

test("configOf() takes 1 replica where nobody waits", () => {
  assertEquals(configOf({ ...master, flags: { inSyncReplicas: "1" } }).config.inSyncReplicas, 1);
});

test("every option reads its own default back", () => {
  for (const key of Object.keys(options) as ConfigKey[]) {
    const { fallback, parse, doc } = options[key];
    assert(doc.endsWith("."), key);
    if (typeof fallback === "number" || typeof fallback === "boolean") {
      assertEquals(parse(String(fallback)), fallback, key);
    }
  }
});
