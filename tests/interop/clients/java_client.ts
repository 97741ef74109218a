import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runToEnd } from "../processes.ts";
import { onceFor } from "./built.ts";

const ROOT = new URL("./java/", import.meta.url).pathname;
const SOURCES = new URL("../java/src/main/java/pocketmq/interop/", import.meta.url).pathname;

/** An official Java client other than the 4.9.7 that the scenarios are written for. */
export interface JavaClient {
  readonly version: string;
  /** Scenario families it has all classes for; a family is a Java file that registers its scenarios. */
  readonly families: readonly string[];
  /** Packages that are called differently in this version: 4.9.7's name, its name. */
  readonly renamed: readonly (readonly [string, string])[];
}

const FAMILIES = [
  "Sending",
  "Consuming",
  "Groups",
  "Ordering",
  "Pulling",
  "Querying",
  "Limits",
  "Failover",
  "Delaying",
  "Retrying",
  "Transacting",
  "Filtering",
];

/** The oldest that is tried. */
export const JAVA_4_3: JavaClient = { version: "4.3.0", families: FAMILIES, renamed: [] };

/** The newest that is tried; it asks brokers what 4.9.7 does not, too. */
export const JAVA_5_3: JavaClient = {
  version: "5.3.3",
  families: [...FAMILIES, "LitePulling", "Requesting", "Asking"],
  renamed: [["org.apache.rocketmq.common.protocol.", "org.apache.rocketmq.remoting.protocol."]],
};

/** What every family stands on. */
const GROUND = ["Expect", "Inbox", "Interop", "Lab", "PullAll", "Scenario", "Sent"];

const prepared = new Map<string, Promise<string>>();

/** Fetches the client's jars once, compiles the scenarios if they changed, and gives the class path. */
export function prepareJavaClient(client: JavaClient): Promise<string> {
  let path = prepared.get(client.version);
  if (!path) prepared.set(client.version, path = prepare(client));
  return path;
}

async function prepare(client: JavaClient): Promise<string> {
  const target = join(ROOT, "target", client.version);
  mkdirSync(target, { recursive: true });
  await onceFor(join(target, "fetched.xml"), readFileSync(join(ROOT, "pom.xml"), "utf8"), () => {
    rmSync(join(target, "lib"), { recursive: true, force: true });
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=target/${client.version}/lib`];
    const version = `-Drocketmq.version=${client.version}`;
    return runToEnd("mvn", ["-q", "-B", version, ...goal], { cwd: ROOT });
  });
  const classes = join(target, "classes");
  const classPath = [classes, join(target, "lib", "*")].join(delimiter);
  const sources = translated(client);
  await onceFor(join(target, "compiled.txt"), sources.map(({ text }) => text).join(""), () => {
    rmSync(classes, { recursive: true, force: true });
    const folder = join(target, "src");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const { name, text } of sources) writeFileSync(join(folder, name), text);
    const how = ["-nowarn", "-encoding", "UTF-8", "--release", "17", "-cp", classPath];
    const files = sources.map(({ name }) => join(folder, name));
    return runToEnd("javac", [...how, "-d", classes, ...files]);
  });
  return classPath;
}

/** The scenarios' sources as this client can compile them. */
function translated({ families, renamed }: JavaClient): { name: string; text: string }[] {
  const wanted = new Set([...GROUND, ...families].map((name) => `${name}.java`));
  return readdirSync(SOURCES).filter((name) => wanted.has(name)).sort().map((name) => {
    let text = readFileSync(join(SOURCES, name), "utf8");
    for (const [old, now] of renamed) text = text.replaceAll(old, now);
    if (name === "Interop.java") {
      text = text.replace(
        /^ *(\w+)\.register\(all\);\n/gm,
        (line, family) => families.includes(family) ? line : "",
      );
    }
    return { name, text };
  });
}
