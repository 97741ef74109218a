import { brokerRuntime } from "../../admin/brokers.ts";
import type { ClusterBroker } from "../../admin/cluster.ts";
import type { Lines } from "../../admin/lines.ts";
import { exitOf } from "../admin/cluster.ts";
import type { Context } from "../command.ts";
import { allBrokers, type Heard, heard, reaching } from "../admin/reach.ts";
import { type MqadminCommand, mqadminCommand } from "./command.ts";
import { printRows } from "./print.ts";
import { repeated } from "./rounds.ts";

/** A broker, and what it says of itself. */
export interface BrokerSeen {
  readonly broker: ClusterBroker;
  readonly runtime: Heard<ReadonlyMap<string, string>>;
}

/** Commands about clusters as a whole. */
export const clusters: Readonly<Record<string, MqadminCommand>> = {
  clusterList: mqadminCommand({
    summary: "List every broker of every cluster, with its load",
    flags: {
      moreStats: {
        kind: "switch",
        letter: "m",
        meaning: "how many messages came and went yesterday and today instead",
      },
      interval: { kind: "count", letter: "i", meaning: "again every N seconds, until it is ended" },
    },
    examples: ["clusterList -n 10.0.0.1:9876", "clusterList -m", "clusterList --json"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const look = () => showBrokers(context, lines, given);
        return given.interval === undefined
          ? await look()
          : await repeated(context, given.interval, look);
      }),
  }),
};

async function showBrokers(
  context: Context,
  lines: Lines,
  given: { readonly moreStats: boolean; readonly json: boolean },
): Promise<number> {
  const seen = await seenIn(lines);
  const now = context.runtime.clock.now();
  const [titles, row] = given.moreStats ? [TOTALS, totalsRow] : [LOADS, loadRow];
  printRows(context, given, titles, seen.map((one) => row(one, now)), seen.map(brokerJson));
  for (const { runtime } of seen) {
    if ("reason" in runtime) context.terminal.stderr(`pocketmq: ${runtime.reason}\n`);
  }
  return exitOf(seen.map(({ runtime }) => runtime));
}

async function seenIn(lines: Lines): Promise<BrokerSeen[]> {
  return await Promise.all((await allBrokers(lines)).map(async (broker) => ({
    broker,
    runtime: await heard(brokerRuntime(lines, broker.address)),
  })));
}

const LOADS = [
  "#Cluster Name",
  "#Broker Name",
  "#BID",
  "#Addr",
  "#Version",
  "#InTPS(LOAD)",
  "#OutTPS(LOAD)",
  "#PCWait(ms)",
  "#Hour",
  "#SPACE",
];

const TOTALS = [
  "#Cluster Name",
  "#Broker Name",
  "#InTotalYest",
  "#OutTotalYest",
  "#InTotalToday",
  "#OutTotalToday",
];

/** A row of `clusterList`; a dash stands for what is not known. */
export function loadRow({ broker, runtime }: BrokerSeen, now: number): string[] {
  const { cluster, name, id, address } = broker;
  const head = [cluster, name, String(id), address];
  if (!("value" in runtime)) return [...head, "UNREACHABLE", "-", "-", "-", "-", "-"];
  const info = runtime.value;
  const text = (key: string) => info.get(key) || "-";
  const load = (rate: string | undefined, pool: string) =>
    `${first(rate).toFixed(2)}(${info.get(`${pool}ThreadPoolQueueSize`) ?? 0},${
      info.get(`${pool}ThreadPoolQueueHeadWaitTimeMills`) ?? 0
    }ms)`;
  const earliest = Number(info.get("earliestMessageTimeStamp") ?? -1);
  return [
    ...head,
    text("brokerVersionDesc"),
    load(info.get("putTps"), "send"),
    load(info.get("getTransferedTps") ?? info.get("getTransferredTps"), "pull"),
    text("pageCacheLockTimeMills"),
    earliest > 0 ? ((now - earliest) / 3_600_000).toFixed(2) : "-",
    info.has("commitLogDiskRatio") ? Number(info.get("commitLogDiskRatio")).toFixed(4) : "-",
  ];
}

/** A row of `clusterList -m`. */
export function totalsRow({ broker, runtime }: BrokerSeen): string[] {
  const head = [broker.cluster, broker.name];
  if (!("value" in runtime)) return [...head, "UNREACHABLE", "-", "-", "-"];
  const between = (kind: string, from: string, to: string) => {
    const [before, after] = [from, to].map((when) => runtime.value.get(`msg${kind}Total${when}`));
    return before === undefined || after === undefined ? "-" : String(+after - +before);
  };
  return [
    ...head,
    between("Put", "YesterdayMorning", "TodayMorning"),
    between("Get", "YesterdayMorning", "TodayMorning"),
    between("Put", "TodayMorning", "TodayNow"),
    between("Get", "TodayMorning", "TodayNow"),
  ];
}

function brokerJson({ broker, runtime }: BrokerSeen): unknown {
  return "value" in runtime
    ? { ...broker, runtime: Object.fromEntries(runtime.value) }
    : { ...broker, unreachable: runtime.reason };
}

/** The first of several rates in one text: the one over the shortest time. */
function first(rates: string | undefined): number {
  const rate = parseFloat(rates ?? "");
  return Number.isFinite(rate) ? rate : 0;
}
