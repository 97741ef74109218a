import { assertEquals, assertMatch } from "@std/assert";
import { getProperties } from "properties-file";
import { parseNode } from "../../../../src/cli/args.ts";
import { confText, settingsJson, sourcesText } from "../../../../src/cli/config/config_text.ts";
import type { Setting } from "../../../../src/cli/config/effective.ts";
import { test } from "../../../harness.ts";

const usual = { from: "default", source: "default", changed: false } as const;
const settings: Setting[] = [
  { key: "brokerName", text: "b", value: "b", from: "file", source: "b.conf:3", changed: true },
  { key: "brokerId", text: "0", value: 0, ...usual },
  { key: "haMasterAddress", text: "", value: undefined, ...usual },
];

test("config print is a file, the flags it goes with above it", () => {
  const beside: Setting = {
    ...{ key: "namesrvAddr", text: "127.0.0.1:0", value: ["127.0.0.1:0"], changed: false },
    ...{ from: "process", source: "the name server beside it" },
  };
  assertEquals(
    confText([...settings, beside], parseNode(["--namesrv", "--master"])),
    "# pocketmq --namesrv --master -c FILE\nbrokerName=b\nbrokerId=0\nhaMasterAddress=\n" +
      "# namesrvAddr: the name server beside it\n",
  );
});

test("a value is written so that Java reads the same", () => {
  const text = "\\\\host\\d\u00e4ta: = #\u4e2d\u6587";
  const file = confText(
    [{ key: "storePathRootDir", text, value: text, ...usual }],
    parseNode(["-c", "f"]),
  );
  assertEquals(getProperties(file), { storePathRootDir: text });
  assertMatch(file.replaceAll("\n", ""), /^[ -~]*$/);
});

test("config print --source is a table, --json a line each", () => {
  assertEquals(
    sourcesText(settings),
    "KEY              SOURCE    VALUE\n" +
      "brokerName       b.conf:3  b\n" +
      "brokerId         default   0\n" +
      "haMasterAddress  default   -\n",
  );
  assertEquals(
    settingsJson(settings.slice(1)),
    '{"key":"brokerId","value":0,"from":"default","source":"default","changed":false}\n' +
      '{"key":"haMasterAddress","value":null,"from":"default","source":"default","changed":false}\n',
  );
});
