import { sleep } from "../base/together.ts";
import type { Broker } from "../broker/broker.ts";
import type { BrokerConfig } from "../broker/config.ts";
import { configOf } from "../broker/configure.ts";
import type { Clock } from "../ports/host.ts";
import { addressText } from "../wire/host_address.ts";
import { type FlagValues, logFormatOf } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { Exit, UsageError } from "./exit.ts";
import { LOG_FORMATS } from "./logging.ts";
import type { Ready } from "./serve.ts";
import { openOutput, type Roles, runRoles, StartError } from "./start.ts";
import { tableOf } from "./table.ts";
import { verb } from "./verb.ts";
import { VERSION } from "./version.ts";

const HOST = "127.0.0.1";
const MASTER_PORT = 10911;
/** Ports from one broker to the next. */
const STEP = 100;
const SLAVES_MAX = 50;
/** A slave asks the name server for its master, proves itself and reports; that takes milliseconds. */
const SLAVES_READY_MS = 30_000;

const FLAGS = {
  data: { kind: "text", names: "folder" },
  slaves: { kind: "count" },
  port: { kind: "count" },
  json: { kind: "switch" },
  logFormat: { kind: "text", choices: LOG_FORMATS },
} as const;

/** `pocketmq dev` */
export const dev: Command = {
  name: "dev",
  usage: "[--data DIR] [--slaves N] [--port 0]",
  summary: "Run a name server, a synchronous master and a slave on this machine",
  help: `
  --data DIR    where the brokers keep their stores; default ./pocketmq-data
  --slaves N    how many slaves, 0 to ${SLAVES_MAX}; default 1. With 0 the master waits for nobody
  --port 0      take free ports; else 9876, the master's 10911 and 10912, slave n 100 n above
  --json        print the line of JSON on a terminal too
  --logFormat text|json

Everything runs in one process and listens on 127.0.0.1 only. On a terminal it
prints the addresses; into a pipe, one line of JSON when it is ready.

Examples:
  pocketmq dev
  pocketmq dev --data /tmp/mq --slaves 2
  pocketmq dev --port 0 | head -1
`,
  ...verb({
    flags: FLAGS,
    words: [],
    async run(context, { flags }) {
      const { terminal } = context;
      const plan = planOf(flags);
      const output = openOutput(context, plan.logFormat);
      await runRoles(context, output, "pocketmq dev --port 0 takes free ones", async (roles) => {
        const ready = await startGroup(roles, plan, context.runtime.clock);
        const text = terminal.stdoutIsTerminal && !plan.json
          ? welcome(ready, plan.data, context)
          : JSON.stringify(ready) + "\n";
        return () => terminal.stdout(text);
      });
      return Exit.OK;
    },
  }),
};

type Plan = ReturnType<typeof planOf>;

function planOf(flags: FlagValues<typeof FLAGS>) {
  const { slaves = 1, port, data = "./pocketmq-data", json } = flags;
  if (slaves > SLAVES_MAX) throw new UsageError(`--slaves is ${slaves}, at most ${SLAVES_MAX}`);
  if (port !== undefined && port !== 0) {
    throw new UsageError(`--port is ${port}, it must be 0, which takes free ports`);
  }
  return { data, slaves, freePorts: port === 0, logFormat: logFormatOf(flags.logFormat), json };
}

/** The configuration of broker `id` of the group: 0 is the master. */
function configOfBroker(
  { data, slaves, freePorts }: Plan,
  id: number,
  namesrv: string,
): BrokerConfig {
  const { config } = configOf({
    roles: { namesrv: false, broker: "file" },
    flags: {
      brokerRole: id > 0 ? "SLAVE" : slaves > 0 ? "SYNC_MASTER" : "ASYNC_MASTER",
      brokerId: String(id),
      bindAddress: HOST,
      namesrvAddr: namesrv,
      listenPort: String(freePorts ? 0 : MASTER_PORT + STEP * id),
      storePathRootDir: `${data}/broker-a-${id}`,
    },
  });
  return config;
}

async function startGroup(roles: Roles, plan: Plan, clock: Clock): Promise<Ready> {
  const { config } = configOf({
    roles: { namesrv: true },
    flags: {
      bindAddress: HOST,
      namesrvPort: plan.freePorts ? "0" : "9876",
      kvConfigPath: `${plan.data}/namesrv/kvConfig.json`,
    },
  });
  const namesrv = addressText((await roles.namesrv(config)).address);
  const master = await roles.broker(configOfBroker(plan, 0, namesrv));
  const slaves: Broker[] = [];
  for (let id = 1; id <= plan.slaves; id++) {
    slaves.push(await roles.broker(configOfBroker(plan, id, namesrv)));
  }
  await slavesReport(master, plan.slaves, clock);
  const addresses = ({ broker, ha }: Broker) => ({
    broker: addressText(broker),
    ha: addressText(ha),
  });
  return {
    ready: true,
    roles: ["namesrv", "master", ...slaves.map(() => "slave")],
    namesrv,
    ...addresses(master),
    slaves: slaves.map(addresses),
  };
}

/** A master answers SLAVE_NOT_AVAILABLE until its slaves report; "ready" promises SEND_OK. */
async function slavesReport(master: Broker, count: number, clock: Clock): Promise<void> {
  const late = clock.monotonic() + SLAVES_READY_MS;
  while (master.slaves < count) {
    if (clock.monotonic() > late) {
      throw new StartError(
        `Cannot start the group: ${master.slaves} of ${count} slaves report to the master after ${
          SLAVES_READY_MS / 1000
        } s; the lines above say why`,
      );
    }
    await sleep(clock, 5);
  }
}

/** What a person sees when all is ready: where everything is, and what to do next. */
export function welcome(
  ready: Ready,
  data: string,
  { runtime, program }: {
    runtime: Pick<Context["runtime"], "name" | "version">;
    program: string;
  },
): string {
  const slaves = (ready.slaves ?? []).map(({ broker, ha }, i) => [`slave ${i + 1}`, broker, ha]);
  const rows = [
    ["", "address", "log for slaves"],
    ["name server", ready.namesrv ?? "", ""],
    ["master", ready.broker ?? "", ready.ha ?? ""],
    ...slaves,
  ];
  const elsewhere = ready.namesrv === "127.0.0.1:9876" ? "" : ` -n ${ready.namesrv}`;
  return `
pocketmq ${VERSION} is ready on ${runtime.name} ${runtime.version}, data in ${data}

${tableOf(rows, "  ")}
Try, in another terminal:
  ${program} send greetings "hello"${elsewhere}
  ${program} consume greetings --from first${elsewhere}
  ${program} consume greetings --group readers --follow${elsewhere}

Ctrl-C stops it.
`;
}
