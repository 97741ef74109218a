import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { importsOf, layoutFaults, type SourceFile } from "./layout_rules.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The parts of the configuration files that must agree. */
interface Config {
  version: string;
  imports: Record<string, string>;
  devDependencies: Record<string, string>;
  compilerOptions: { paths: Record<string, string[]> };
}

function config(name: string): Config {
  return JSON.parse(readFileSync(root + name, "utf8"));
}

function sources(): SourceFile[] {
  return readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ path: `src/${name}`, text: readFileSync(`${root}src/${name}`, "utf8") }));
}

test("src keeps to the import direction, names no runtime and has no long file", () => {
  const files = sources();
  assert(files.length > 20, `found only ${files.length} files`);
  const packages = Object.keys(config("deno.core.json").imports);
  assertEquals(layoutFaults(files, packages), []);
});

for (
  const { name, path, text, fault } of [
    {
      name: "an import from the right",
      path: "src/wire/a.ts",
      text: `import { x } from "../rpc/peer.ts";`,
      fault: "src/wire/a.ts imports src/rpc/peer.ts: wire must not",
    },
    {
      name: "an import from a neighbour of the group, of a type, over several lines",
      path: "src/store/a.ts",
      text: `import type {\n  Peer,\n} from "../rpc/peer.ts";`,
      fault: "src/store/a.ts imports src/rpc/peer.ts: store must not",
    },
    {
      name: "a core file that imports an adapter",
      path: "src/broker/a.ts",
      text: `const files = await import("../adapters/files.ts");`,
      fault: "src/broker/a.ts imports src/adapters/files.ts: broker must not",
    },
    {
      name: "an adapter that imports the core",
      path: "src/adapters/a.ts",
      text: `export * from "../wire/frame.ts";`,
      fault: "src/adapters/a.ts imports src/wire/frame.ts: adapters must not",
    },
    {
      name: "a file of tests or bin",
      path: "src/cli/a.ts",
      text: `import "../../tests/harness.ts";`,
      fault: "src/cli/a.ts imports tests/harness.ts, which is outside src",
    },
    {
      name: "a module of Node",
      path: "src/base/a.ts",
      text: `import { join } from "node:path";`,
      fault: `src/base/a.ts imports "node:path"`,
    },
    {
      name: "a package with its registry",
      path: "src/base/a.ts",
      text: `import x from "npm:left-pad@1";`,
      fault: `src/base/a.ts imports "npm:left-pad@1"`,
    },
    {
      name: "an import without extension",
      path: "src/base/a.ts",
      text: `import { x } from "./b";`,
      fault: `src/base/a.ts imports "./b" without its extension`,
    },
    {
      name: "a call of the runtime",
      path: "src/broker/a.ts",
      text: `export const id = Deno.pid; // Bun.version is only a comment`,
      fault: "src/broker/a.ts says Deno.pid",
    },
    {
      name: "Node's Buffer",
      path: "src/wire/a.ts",
      text: `export const b = Buffer.from("x");`,
      fault: "src/wire/a.ts says Buffer.",
    },
    {
      name: "a file nobody reads in one sitting",
      path: "src/wire/a.ts",
      text: "export {};\n".repeat(351),
      fault: "src/wire/a.ts has 351 lines, at most 350",
    },
  ]
) {
  test(`the layout rules find ${name}`, () => {
    assertEquals(layoutFaults([{ path, text }], []), [fault]);
  });
}

test("the layout rules let good files pass", () => {
  const files = [
    { path: "src/broker/a.ts", text: `import { x } from "../wire/b.ts";\nimport "./c.ts";` },
    { path: "src/adapters/a.ts", text: `import "node:fs";\nexport const id = Deno.pid;` },
    { path: "src/base/a.ts", text: `import { getLogger } from "@logtape/logtape";` },
    { path: "src/base/b.ts", text: `/** Like Deno.pid. */\nconst s = 'read from "x"';` },
  ];
  assertEquals(layoutFaults(files, ["@logtape/logtape"]), []);
});

test("importsOf() sees every form", () => {
  const text = `import a from "a.ts";
import {
  b,
} from "b.ts";
import "c.ts";
export { d } from "d.ts";
export * from "e.ts";
const f = await import("f.ts");
let g: import("g.ts").G;
// import h from "h.ts";`;
  assertEquals(importsOf(text).sort(), "abcdefg".split("").map((name) => `${name}.ts`));
});

test("every npm package has one version, in deno.json as in package.json", () => {
  const { imports } = config("deno.json");
  const { devDependencies } = config("package.json");
  for (const [name, target] of Object.entries(imports)) {
    const [, npmName, version] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
    assert(npmName, `${name} is ${target}, not an npm package with an exact version`);
    assertEquals(devDependencies[npmName], version, npmName);
  }
});

test("what the core may import has the same version as everywhere else", () => {
  const { imports } = config("deno.json");
  for (const [name, target] of Object.entries(config("deno.core.json").imports)) {
    assertEquals(target, imports[name], name);
  }
});

test("Bun finds what deno.json renames", () => {
  const { imports } = config("deno.json");
  const { paths } = config("tsconfig.json").compilerOptions;
  for (const [name, target] of Object.entries(imports)) {
    const [, npmName, inside] = /^npm:((?:@[^/]+\/)?[^@/]+)@[^/]+(\/.*)?$/.exec(target)!;
    if (name === npmName) continue;
    assertEquals(paths[name], [`./node_modules/${npmName}${inside ?? ""}`], name);
  }
});

test("deno.json and package.json carry one version of pocketmq", () => {
  assertEquals(config("deno.json").version, config("package.json").version);
});
