import { execFile } from "node:child_process";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { test } from "../harness.ts";
import { runPocketmq, startPocketmq, toolPath } from "../support/binary.ts";
import { tempDir } from "../support/temp.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bundle = join(root, "dist/pocketmq.js");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

test("the npm package serves when bunx runs it", async () => {
  using temp = tempDir();
  await task("bundle");
  const packed = await call("npm", ["pack", "--json", "--pack-destination", temp.path]);
  const [{ filename, files }] = JSON.parse(packed.stdout);
  const paths: string[] = files.map(({ path }: { path: string }) => path).sort();
  assertEquals(
    paths.filter((path) => !path.startsWith("conf/")),
    ["LICENSE", "README.md", "dist/pocketmq.js", "package.json"],
  );
  assert(paths.includes("conf/layout.sh") && paths.includes("conf/2m-2s-sync/start.sh"));
  assertEquals(paths.filter((path) => path.endsWith(".properties")).length, 4 + 6 + 6);
  const bun = toolPath("bun");
  const command = [bun, "x", "-p", join(temp.path, filename), "pocketmq"]; // no other form takes a file
  const env = {
    PATH: [dirname(bun), process.env.PATH].join(delimiter), // its first line asks for bun
    TMPDIR: temp.path, // bunx keeps what it unpacked there, and would run an old one again
    BUN_TMPDIR: temp.path,
    BUN_INSTALL_CACHE_DIR: join(temp.path, "cache"),
  };
  const told = await runPocketmq(["version", "--json"], { command, env });
  assertEquals(told.code, 0, told.stderr);
  assertMatch(told.stdout, new RegExp(`"${version}"`));
  await serves({ command, env });
});

test("the bundle serves under Deno, without the checkout's configuration", async () => {
  await task("bundle");
  await serves({ command: [toolPath("deno"), "run", "-A", "--no-config", bundle] });
});

test("the executable that bun compiles serves", async () => {
  await task("compile:bun");
  const command = [join(root, "dist/pocketmq")];
  await serves({ command, env: { PATH: "/nowhere" } }); // it brings its own runtime
  const told = await runPocketmq(["version", "--json"], { command });
  assertMatch(told.stdout, new RegExp(`"${version}"`));
});

test("deno compile embeds the bundle, and nothing but it", async () => {
  using temp = tempDir();
  await task("bundle");
  const made = join(temp.path, "pocketmq-deno");
  const options = ["-A", "--no-check", "--no-config", "--no-npm", "-o", made];
  // the part that deno would download for its executables; its own binary can stand in for embedding
  const env = { DENORT_BIN: realpathSync(toolPath("deno")) };
  await call(toolPath("deno"), ["compile", ...options, bundle], env);
  const added = statSync(made).size - statSync(env.DENORT_BIN).size;
  assertGreater(added, statSync(bundle).size);
  assert(added < statSync(bundle).size + 4 * 1024 * 1024, `${added} bytes were added`);
});

/** Starts `dev` on free ports and stops it. */
async function serves(
  options: { command: readonly string[]; env?: Record<string, string> },
): Promise<void> {
  using temp = tempDir();
  await using running = await startPocketmq(
    ["dev", "--port", "0", "--data", join(temp.path, "data")],
    { ...options, workDir: temp.path },
  );
  assertEquals(running.ready.ready, true);
  assertMatch(running.ready.broker ?? "", /^127\.0\.0\.1:\d+$/);
  assertEquals(running.ready.slaves?.length, 1);
  running.kill("SIGTERM");
  const { code, stderr } = await running.exited;
  assertEquals(code, 0, stderr);
}

function task(name: string): Promise<{ stdout: string }> {
  return call(toolPath("deno"), ["task", name]);
}

/** Runs a command in the checkout to its end. @throws {Error} with what it wrote when it fails. */
function call(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string }> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(" ")}: ${error.message}\n${stderr}`));
      else resolve({ stdout });
    });
  });
}
