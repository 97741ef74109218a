/** Every program in docs/client.md runs as it stands there, and prints what stands below it. */
import { assertEquals } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startBroker, startNamesrv } from "../../mod.ts";
import { test } from "../harness.ts";
import { tempDir } from "../support/temp.ts";

const GUIDE = new URL("../../docs/client.md", import.meta.url);
const MOD = new URL("../../mod.ts", import.meta.url).href;
const HOST = "127.0.0.1";

interface Program {
  /** The heading it stands under. */
  readonly under: string;
  readonly code: string;
  readonly prints: string;
}

function programs(text: string): Program[] {
  const found: Program[] = [];
  let under = "";
  let code: string | undefined;
  for (const [, heading, language, block] of text.matchAll(/^#+ (.*)$|^```(\w*)\n([^]*?)^```$/gm)) {
    if (heading !== undefined) under = heading;
    else if (language === "ts") code = block;
    else if (language === "text" && code !== undefined) {
      found.push({ under, code, prints: block });
      code = undefined;
    }
  }
  return found;
}

const GUIDE_TEXT = readFileSync(GUIDE, "utf8");
const ALL = programs(GUIDE_TEXT);

test("docs/client.md has programs, and each says what it prints", () => {
  assertEquals(ALL.length >= 9, true);
  assertEquals(ALL.length, GUIDE_TEXT.split("\n```ts\n").length - 1);
});

for (const [i, { under, code, prints }] of ALL.entries()) {
  test(`docs/client.md, program ${i + 1} (${under}) prints what stands below it`, async () => {
    using dir = tempDir();
    await using namesrv = await startNamesrv({ host: HOST, port: 0 });
    const namesrvAddr = `${HOST}:${namesrv.address.port}`;
    await using _ = await startBroker({
      bindAddress: HOST,
      brokerIP1: HOST,
      listenPort: 0,
      namesrvAddr,
      storePathRootDir: join(dir.path, "store"),
    });
    const file = join(dir.path, `program${i + 1}.ts`);
    const program = code.replace('"@pocketmq/pocketmq"', JSON.stringify(MOD))
      .replace('"127.0.0.1:9876"', JSON.stringify(namesrvAddr));
    writeFileSync(file, program);
    assertEquals(await printed(() => import(pathToFileURL(file).href)), prints);
  });
}

/** What is printed while `run` goes on. */
async function printed(run: () => Promise<unknown>): Promise<string> {
  const { log } = console;
  let text = "";
  console.log = (...words: unknown[]) => void (text += `${words.map(String).join(" ")}\n`);
  try {
    await run();
  } finally {
    console.log = log;
  }
  return text;
}
