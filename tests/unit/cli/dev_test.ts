import { assertEquals } from "@std/assert";
import { welcome } from "../../../src/cli/dev.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { test } from "../../harness.ts";

const runtime = { name: "deno", version: "2.9.5" } as const;

test("welcome() says where everything is and what to try", () => {
  const ready = {
    ready: true,
    roles: ["namesrv", "master", "slave"],
    namesrv: "127.0.0.1:9876",
    broker: "127.0.0.1:10911",
    ha: "127.0.0.1:10912",
    slaves: [{ broker: "127.0.0.1:11011", ha: "127.0.0.1:11012" }],
  } as const;
  assertEquals(
    welcome(ready, "./pocketmq-data", { runtime, program: "pocketmq" }),
    `
pocketmq ${VERSION} is ready on deno 2.9.5, data in ./pocketmq-data

               address          log for slaves
  name server  127.0.0.1:9876
  master       127.0.0.1:10911  127.0.0.1:10912
  slave 1      127.0.0.1:11011  127.0.0.1:11012

Try, in another terminal:
  pocketmq send greetings "hello"
  pocketmq consume greetings --from first
  pocketmq consume greetings --group readers --follow

Ctrl-C stops it.
`,
  );
});

test("welcome() shows commands that work with any ports and any way to start the program", () => {
  const ready = { ready: true, roles: ["namesrv", "master"], namesrv: "127.0.0.1:3" } as const;
  const text = welcome(ready, "d", { runtime, program: "bun bin/pocketmq.ts" });
  const tries = text.split("\n").filter((line) => line.startsWith("  bun bin/pocketmq.ts "));
  assertEquals(tries.map((line) => line.endsWith(" -n 127.0.0.1:3")), [true, true, true]);
});
