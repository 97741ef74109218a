import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, type Running, runToEnd, within } from "./processes.ts";

const ROOT = new URL("./java/", import.meta.url).pathname;
const SOURCES = join(ROOT, "src/main/java/pocketmq/interop");
const LIB = join(ROOT, "target/lib");
const CLASSES = join(ROOT, "target/classes");
const CLASSPATH = [CLASSES, join(LIB, "*")].join(delimiter);

/** What RocketMQ 4.9 reaches into needs these since JDK 16. */
const OPENS = [
  "java.base/java.nio",
  "java.base/sun.nio.ch",
  "java.base/java.lang",
  "java.base/jdk.internal.ref",
].map((name) => `--add-opens=${name}=ALL-UNNAMED`).concat(
  "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
);

let prepared: Promise<void> | undefined;

/** Fetches the jars once and compiles the scenarios when their sources are newer. */
export function prepareJava(): Promise<void> {
  return prepared ??= prepare();
}

async function prepare(): Promise<void> {
  const wanted = readFileSync(join(ROOT, "pom.xml"), "utf8");
  const fetched = join(ROOT, "target/fetched.xml"); // the list of jars that target/lib was filled from
  if (!existsSync(fetched) || readFileSync(fetched, "utf8") !== wanted) {
    const args = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"];
    await runToEnd("mvn", args, { cwd: ROOT });
    writeFileSync(fetched, wanted);
  }
  if (newest(join(CLASSES, "pocketmq/interop")) > newest(SOURCES)) return;
  mkdirSync(CLASSES, { recursive: true });
  const sources = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  await runToEnd("javac", [
    "-nowarn",
    "--release",
    "17",
    "-d",
    CLASSES,
    "-cp",
    CLASSPATH,
    ...sources,
  ]);
}

/** Time of the newest file in the folder, 0 when there is none. */
function newest(folder: string): number {
  if (!existsSync(folder)) return 0;
  return Math.max(0, ...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
}

/** One scenario's line of the program's report; other keys are figures of the scenario. */
export interface ScenarioLine {
  readonly scenario: string;
  readonly ok: boolean;
  readonly error?: string;
  readonly ms: number;
}

/** The client at work on its scenarios, in the order they were named. */
export interface ScenarioRun {
  /** The scenario's line, as soon as it is there. */
  line(scenario: string): Promise<ScenarioLine>;
}

/** Starts the Java client on its scenarios. `home` takes its logs and its local offsets. */
export function startScenarios(
  options: {
    namesrv: string;
    run: string;
    home: string;
    scenarios: readonly string[];
    headers?: "JSON" | "ROCKETMQ";
  },
): ScenarioRun {
  const { namesrv, home, scenarios } = options;
  const jvm = [
    "-Xmx256m",
    ...OPENS,
    `-Duser.home=${home}`,
    `-Drocketmq.client.logRoot=${home}`,
    "-Drocketmq.client.logLevel=ERROR",
    `-Drocketmq.client.localOffsetStoreDir=${join(home, "offsets")}`,
    `-Drocketmq.serialize.type=${options.headers ?? "JSON"}`,
  ];
  const args = ["-cp", CLASSPATH, "pocketmq.interop.Interop", namesrv, options.run, ...scenarios];
  const program = run("java", [...jvm, ...args]);
  return {
    async line(scenario) {
      const text = await within(
        400,
        scenario,
        program.line(new RegExp(`"scenario":"${scenario}"`)),
      );
      return JSON.parse(text) as ScenarioLine;
    },
  };
}

/** One mqadmin command's output, without the client's own chatter. */
export async function mqadmin(home: string, args: readonly string[]): Promise<string> {
  const jvm = ["-Xmx128m", ...OPENS, `-Duser.home=${home}`, `-Drocketmq.client.logRoot=${home}`];
  const main = "org.apache.rocketmq.tools.command.MQAdminStartup";
  const env = { ROCKETMQ_HOME: peerHome(home) };
  const output = await within(
    60,
    `mqadmin ${args[0]}`,
    runToEnd("java", [...jvm, "-cp", CLASSPATH, main, ...args], { env }),
  );
  return output.split("\n").filter((line) => !/RocketMQLog|SLF4J|closeChannel/.test(line)).join(
    "\n",
  );
}

/** A Java name server or broker, with its configuration as a table. */
export async function startPeer(
  main: "namesrv" | "broker",
  home: string,
  config: Readonly<Record<string, string | number>>,
): Promise<Running> {
  await prepareJava();
  mkdirSync(home, { recursive: true });
  const file = join(home, `${main}.conf`);
  writeFileSync(file, Object.entries(config).map(([key, value]) => `${key}=${value}\n`).join(""));
  const start = main === "namesrv" ? "namesrv.NamesrvStartup" : "broker.BrokerStartup";
  const jvm = [
    "-Xms64m",
    "-Xmx512m",
    "-XX:MaxDirectMemorySize=512m",
    ...OPENS,
    `-Duser.home=${home}`,
  ];
  const args = ["-cp", CLASSPATH, `org.apache.rocketmq.${start}`, "-c", file];
  const peer = run("java", [...jvm, ...args], { env: { ROCKETMQ_HOME: peerHome(home) } });
  await within(60, `start of the Java ${main}`, peer.line(/boot success/));
  return peer;
}

/** The folder Java looks for its log set-up in; its logs go to one file beside it. */
function peerHome(home: string): string {
  const conf = join(home, "conf");
  mkdirSync(conf, { recursive: true });
  for (const name of ["namesrv", "broker", "tools"]) {
    writeFileSync(
      join(conf, `logback_${name}.xml`),
      `<configuration><appender name="F" class="ch.qos.logback.core.FileAppender"><file>${home}/${name}.log</file>` +
        `<encoder><pattern>%d %p %c %m%n</pattern></encoder></appender>` +
        `<root level="WARN"><appender-ref ref="F"/></root></configuration>`,
    );
  }
  writeFileSync(join(conf, "plain_acl.yml"), "");
  return home;
}
