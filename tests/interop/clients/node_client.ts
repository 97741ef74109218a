import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { scenarioLines, type ScenarioOrder, type ScenarioRun } from "../java.ts";
import { run, runToEnd } from "../processes.ts";
import { onceFor, textsOf } from "./built.ts";

const ROOT = new URL("./node/", import.meta.url).pathname;

/** Installs ali-ons as the lock file says, once, and starts it on its scenarios. */
export async function startNode(
  { namesrv, run: name, home, scenarios }: ScenarioOrder,
): Promise<ScenarioRun> {
  mkdirSync(join(ROOT, "target"), { recursive: true });
  await onceFor(join(ROOT, "target/installed.txt"), textsOf(ROOT, /^package.*\.json$/), () => {
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"];
    return runToEnd("npm", ["ci", ...quiet], { cwd: ROOT });
  });
  mkdirSync(home, { recursive: true });
  const program = join(ROOT, "client.cjs");
  return scenarioLines(
    run("node", [program, namesrv, name, ...scenarios], { env: { HOME: home } }),
  );
}
