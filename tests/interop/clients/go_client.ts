import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { scenarioLines, type ScenarioOrder, type ScenarioRun } from "../java.ts";
import { run, runToEnd } from "../processes.ts";
import { onceFor, textsOf } from "./built.ts";

const ROOT = new URL("./go/", import.meta.url).pathname;
const PROGRAM = join(ROOT, "target/client");

/** Whether this machine can build the Go client. */
export const HAS_GO: boolean = spawnSync("go", ["version"]).status === 0;

/** Builds the Go client when its sources or the versions it needs changed, and starts it on its scenarios. */
export async function startGo(
  { namesrv, run: name, home, scenarios }: ScenarioOrder,
): Promise<ScenarioRun> {
  mkdirSync(join(ROOT, "target"), { recursive: true });
  await onceFor(join(ROOT, "target/built.txt"), textsOf(ROOT, /\.(go|mod|sum)$/), () => {
    const env = { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
    return runToEnd("go", ["build", "-o", PROGRAM, "."], { cwd: ROOT, env });
  });
  mkdirSync(home, { recursive: true });
  const env = { HOME: home }; // it keeps local offsets there
  return scenarioLines(run(PROGRAM, [namesrv, name, ...scenarios], { env }));
}
