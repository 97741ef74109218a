import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { confLines, readConf } from "../../../src/cli/conf_file.ts";
import { UsageError } from "../../../src/cli/exit.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { test } from "../../harness.ts";

function fsWith(path: string, text: string): MemFs {
  const fs = new MemFs();
  const slash = path.lastIndexOf("/");
  const dir = fs.dir(path.slice(0, slash) || ".");
  dir.make();
  using file = dir.open(path.slice(slash + 1), "create");
  file.writeAt(0, Uint8Array.from(text, (char) => char.charCodeAt(0)));
  return fs;
}

test("readConf() reads what Java's .properties may hold", () => {
  const fs = fsWith(
    "/etc/rocketmq/broker.conf",
    [
      "# a comment = no key",
      "! another",
      "brokerName=broker-a",
      "brokerClusterName : My Cluster  ",
      "brokerId 3",
      "namesrvAddr=10.0.0.1:9876;\\",
      "    10.0.0.2:9876\r",
      "storePathRootDir=/data/\\u4e2d\xe9",
      "empty=",
      "brokerName=broker-b",
    ].join("\n"),
  );
  assertEquals(readConf(fs, "/etc/rocketmq/broker.conf"), {
    brokerName: "broker-b",
    brokerClusterName: "My Cluster  ",
    brokerId: "3",
    namesrvAddr: "10.0.0.1:9876;10.0.0.2:9876",
    storePathRootDir: "/data/\u4e2d\u00e9",
    empty: "",
  });
});

test("readConf() names a file that is not there", () => {
  const error = assertThrows(() => readConf(new MemFs(), "/none/broker.conf"), UsageError);
  assertStringIncludes(error.message, "Cannot read /none/broker.conf: ");
});

test("readConf() refuses what cannot be a configuration by its size", () => {
  const fs = fsWith("/a/log", "x".repeat(1024 * 1024 + 1));
  const error = assertThrows(() => readConf(fs, "/a/log"), UsageError);
  assertEquals(error.message, "Cannot read /a/log: it has 1048577 bytes, at most 1048576");
});

test("confLines() knows the line in which a key begins, of several the one that counts", () => {
  const text = [
    "# a comment that ends in \\",
    "brokerName=a",
    "namesrvAddr=10.0.0.1:9876;\\",
    "    10.0.0.2:9876",
    "",
    "  listenPort : 1\r",
    "storePathRootDir=C:\\\\store\\\\",
    "brokerName=b",
    "brokerId 3\\",
  ].join("\n");
  const fs = fsWith("/etc/broker.conf", text);
  assertEquals(Object.fromEntries(confLines(fs, "/etc/broker.conf")), {
    namesrvAddr: 3,
    listenPort: 6,
    storePathRootDir: 7,
    brokerName: 8,
    brokerId: 9,
  });
});
