import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { runtime } from "../support/runtime.ts";
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

/** Processes that live for a minute: starting soon is worth more than running fast. */
const SHORT_LIVED = [
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dfile.encoding=UTF-8", // a machine may have no locale
  "-Dsun.stdout.encoding=UTF-8",
];

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
  if (readdirSync(SOURCES).every(isCompiled)) return;
  mkdirSync(CLASSES, { recursive: true });
  const sources = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  await runToEnd("javac", [
    "-nowarn",
    "-encoding",
    "UTF-8",
    "--release",
    "17",
    "-d",
    CLASSES,
    "-cp",
    CLASSPATH,
    ...sources,
  ]);
}

/** Whether the source's class is there and newer; a run that failed may have left some of them out. */
function isCompiled(source: string): boolean {
  const made = join(CLASSES, "pocketmq/interop", source.replace(/java$/, "class"));
  return existsSync(made) && statSync(made).mtimeMs > statSync(join(SOURCES, source)).mtimeMs;
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

/** What a client is told to do. `run` becomes part of its topics and groups; `home` takes its logs and local offsets. */
export interface ScenarioOrder {
  readonly namesrv: string;
  readonly run: string;
  readonly home: string;
  readonly scenarios: readonly string[];
  readonly headers?: "JSON" | "ROCKETMQ";
  /** More for the JVM. */
  readonly settings?: readonly string[];
}

/** Starts a Java client on its scenarios: that of the class path, else 4.9.7. */
export function startScenarios(options: ScenarioOrder, classPath?: string): ScenarioRun {
  const { namesrv, home, scenarios } = options;
  const settings = [
    "-Xmx256m",
    `-Drocketmq.client.localOffsetStoreDir=${join(home, "offsets")}`,
    `-Drocketmq.serialize.type=${options.headers ?? "JSON"}`,
    "-Drocketmq.client.rebalance.lockInterval=2000", // else whoever asks too early for a queue waits 20 s
    ...options.settings ?? [],
  ];
  const args = [namesrv, options.run, ...scenarios];
  const main = "pocketmq.interop.Interop";
  return scenarioLines(launch(home, [...SHORT_LIVED, ...settings], main, args, { classPath }));
}

/** Reads what a client at work reports. */
export function scenarioLines(program: Running): ScenarioRun {
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

/** The heap the peer is measured with. */
const MEASURED = ["-Xms512m", "-Xmx2g", "-XX:MaxDirectMemorySize=2g"];

/** A Java name server or broker, with its configuration as a table. */
export async function startPeer(
  main: "namesrv" | "broker",
  home: string,
  config: Readonly<Record<string, string | number>>,
  { measured = false }: { measured?: boolean } = {},
): Promise<Running> {
  await prepareJava();
  mkdirSync(home, { recursive: true });
  const file = join(home, `${main}.conf`);
  writeFileSync(file, Object.entries(config).map(([key, value]) => `${key}=${value}\n`).join(""));
  const start = main === "namesrv" ? "namesrv.NamesrvStartup" : "broker.BrokerStartup";
  const small = [
    ...SHORT_LIVED,
    "-Xms64m",
    "-Xmx512m",
    "-XX:MaxDirectMemorySize=512m",
    "-Dtls.server.mode=disabled", // else two certificates are made first: seconds of looking for primes
  ];
  const settings = measured ? MEASURED : small;
  const peer = launch(home, settings, `org.apache.rocketmq.${start}`, ["-c", file]);
  await within(60, `start of the Java ${main}`, peer.line(/boot success/));
  if (main === "broker") await answers(Number(config.listenPort));
  return peer;
}

/** Waits until a Java broker says where its log ends: for a while after its start 28 has no body. */
async function answers(port: number): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  const until = Date.now() + 30_000;
  try {
    for (;;) {
      const request = { code: RequestCode.GET_BROKER_RUNTIME_INFO };
      const { body } = await calls.call(`127.0.0.1:${port}`, request, 5_000);
      if (body.length > 0) return;
      if (Date.now() > until) throw new Error(`the Java broker at ${port} does not answer 28`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    calls.close();
  }
}

/** Starts a Java program of ours or of the peer; `home` takes its logs. Its class path is that of 4.9.7, or another. */
export function runJava(
  home: string,
  settings: readonly string[],
  main: string,
  args: readonly string[],
  onLine?: (line: string) => void,
  classPath?: string,
): Running {
  return launch(home, [...SHORT_LIVED, ...settings], main, args, { onLine, classPath });
}

function launch(
  home: string,
  settings: readonly string[],
  main: string,
  args: readonly string[],
  { onLine, classPath = CLASSPATH }: { onLine?: (line: string) => void; classPath?: string } = {},
): Running {
  const own = [`-Duser.home=${home}`, `-Drocketmq.client.logRoot=${home}`];
  const quiet = "-Drocketmq.client.logLevel=ERROR";
  const jvm = [...settings, ...OPENS, ...own, quiet];
  return run("java", [...jvm, "-cp", classPath, main, ...args], {
    env: { ROCKETMQ_HOME: peerHome(home) },
    cwd: home, // mqadmin consumerStatus writes into it
    onLine,
  });
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
