import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { STORE_DEFAULTS } from "../../src/store/options.ts";
import { openStore } from "../../src/store/store.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { test } from "../harness.ts";
import { cleanEnv, commandOf, runPocketmq, startPocketmq } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { sendSignal } from "../support/signal.ts";
import { message, textsOf } from "../support/store.ts";
import { tempDir } from "../support/temp.ts";

const LOOPBACK = ["--bindAddress", "127.0.0.1", "--namesrvAddr", "127.0.0.1:1"];
const COUNT = 120_000;
const QUEUE = "consumequeue/T1/0/00000000000000000000";

/** Makes a store of that many messages, as a process leaves it that is killed. */
async function killedStore(dir: string, count: number): Promise<void> {
  await using store = await openStore(runtime, runtime.fs.dir(dir), STORE_DEFAULTS, silentLog);
  const body = utf8("x".repeat(300));
  for (let i = 0; i < count; i++) {
    store.append(message({ body, properties: `UNIQ_KEY\x01${i}\x02TAGS\x01TagA` }));
    if (i % 1_000 === 999) store.commit();
  }
  store.commit();
  await store.close();
  writeFileSync(join(dir, "abort"), runtime.bootId ?? "");
}

/** The program, from before it serves. */
interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  readonly stderr: () => string;
}

function launch(dir: string, port: number): Started {
  const [command, ...front] = commandOf();
  const args = ["--master", "--listenPort", String(port), "--storePathRootDir", dir, ...LOOPBACK];
  const child = spawn(command, [...front, ...args], {
    env: cleanEnv(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr!.on("data", (bytes) => stderr += bytes);
  const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return { child, exited, stderr: () => stderr };
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => runtime.clock.after(ms, resolve));

/** Resolves when it has begun to recover: the first that it changes is the queue. */
async function recovers(dir: string, { child }: Started): Promise<void> {
  const path = join(dir, QUEUE);
  const before = statSync(path).mtimeMs;
  while (statSync(path).mtimeMs === before) {
    assertEquals(child.exitCode, null, "it ended");
    await pause(1);
  }
}

/** True when the port takes connections: where somebody listens, the system does that without the process. */
async function isOpen(port: number): Promise<boolean> {
  try {
    (await runtime.net.dial({ host: "127.0.0.1", port }, { timeoutMs: 3_000 })).close();
    return true;
  } catch {
    return false;
  }
}

/** What the first that the port lets in is told of the queue. */
async function firstAnswer(port: number): Promise<string | undefined> {
  while (!await isOpen(port)) await pause(3);
  const calls = new Redial(runtime, silentLog);
  try {
    const ext = { topic: "T1", queueId: "0" };
    const code = RequestCode.GET_MAX_OFFSET;
    return (await calls.call(`127.0.0.1:${port}`, { code, ext }, 3_000)).ext.offset;
  } finally {
    calls.close();
  }
}

test("a recovery that is killed is done again, it is shown, and no port is open before its end", async () => {
  using dir = tempDir();
  const port = await freePort(dir.path);
  const store = join(dir.path, "store");
  await killedStore(store, COUNT);

  const dying = launch(store, port);
  await recovers(store, dying);
  sendSignal(dying.child, "SIGKILL");
  await dying.exited;
  assert(existsSync(join(store, "abort")));

  const started = launch(store, port);
  await recovers(store, started);
  sendSignal(started.child, "SIGSTOP");
  await pause(1_200); // a disk that takes its time
  assertEquals(await isOpen(port), false);
  const answered = firstAnswer(port);
  sendSignal(started.child, "SIGCONT");
  assertEquals(await answered, String(COUNT));
  sendSignal(started.child, "SIGTERM");
  await started.exited;
  assertEquals(started.child.exitCode, 0, started.stderr());
  const lines = started.stderr().split("\n").filter((line) => line.includes("store: "));
  assertMatch(
    lines[0],
    /recovering the log done=\d+ total=\d+ bytesPerSecond=\d+ secondsLeft=\d+$/,
  );
  assertMatch(lines[1], /the log was recovered bytes=\d+ seconds=\d+/);

  await using again = await openStore(
    runtime,
    runtime.fs.dir(store),
    STORE_DEFAULTS,
    silentLog,
  );
  assertEquals(again.recovered, false);
  assertEquals(again.queues.get("T1", 0)?.maxOffset, COUNT);
});

/** One that another broker had a moment ago, with those beside it. */
async function freePort(dir: string): Promise<number> {
  const flags = ["--listenPort", "0", "--storePathRootDir", join(dir, "other"), ...LOOPBACK];
  await using node = await startPocketmq(["--master", ...flags]);
  return Number(node.ready.broker!.split(":")[1]);
}

test("a damaged store is refused with exit 4, and opens with what lies before once it is told so", async () => {
  using dir = tempDir();
  const root = join(dir.path, "store");
  const small = { ...STORE_DEFAULTS, logFileBytes: 65536 };
  {
    await using store = await openStore(runtime, runtime.fs.dir(root), small, silentLog);
    for (let i = 0; i < 200; i++) store.append(message({ text: String(i).padEnd(1_000) }));
    store.commit();
  }
  const second = join(root, "commitlog/00000000000000065536");
  const bytes = readFileSync(second);
  bytes[4] ^= 1;
  writeFileSync(second, bytes);
  const flags = ["--listenPort", "0", "--storePathRootDir", root, ...LOOPBACK];
  const args = ["--master", ...flags, "--mappedFileSizeCommitLog", "65536"];

  const refused = await runPocketmq(args);
  assertEquals([refused.code, refused.stdout], [4, ""]);
  assertMatch(refused.stderr, /00000000000000065536 at byte 0: magic is 0xdba320a7, and later/);
  assert(refused.stderr.includes(`"pocketmq log verify ${root}"`), refused.stderr);
  assert(refused.stderr.includes("--logDamage cut"), refused.stderr);
  assertEquals(readFileSync(second), bytes);

  const node = await startPocketmq([...args, "--logDamage", "cut"]);
  assertEquals(await node.stop(), 0);
  assertMatch(node.stderr, /log cut at damage, as logDamage = cut says logOffset=65536/);
  const [kept] = readdirSync(join(root, "damaged"));
  assertEquals(readFileSync(join(root, "damaged", kept, "00000000000000065536")), bytes);
  await using store = await openStore(runtime, runtime.fs.dir(root), small, silentLog);
  assertEquals(textsOf(store, "T1", 0).map(Number), Array.from({ length: 59 }, (_, i) => i));
});
