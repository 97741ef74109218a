import { brokerStats, sumOfDay } from "../../admin/broker_changes.ts";
import { brokerConfig, brokerRuntime } from "../../admin/brokers.ts";
import type { ClusterBroker } from "../../admin/cluster.ts";
import { exportedGroups, exportedTopics } from "../../admin/exports.ts";
import { groupOnline } from "../../admin/groups.ts";
import type { Lines } from "../../admin/lines.ts";
import { versionName } from "../../wire/version_name.ts";

/** Messages a day, or a second. */
interface Flow {
  readonly normalIn: number;
  readonly normalOut: number;
  readonly transIn: number;
  readonly scheduleIn: number;
}

/** One broker's part of the report. */
interface Report {
  readonly name: string;
  readonly daily: Flow;
  readonly rate: Flow;
  readonly json: unknown;
}

/** What `exportMetrics` writes, field by field as mqadmin does. */
export async function metricsOf(
  lines: Lines,
  masters: readonly ClusterBroker[],
): Promise<unknown> {
  const reports = await Promise.all(masters.map((master) => reportOf(lines, master)));
  const sum = (of: "daily" | "rate", key: keyof Flow) =>
    reports.reduce((all, report) => all + report[of][key], 0);
  return {
    evaluateReport: Object.fromEntries(reports.map(({ name, json }) => [name, json])),
    totalData: {
      totalTps: {
        totalNormalInTps: sum("rate", "normalIn"),
        totalNormalOutTps: sum("rate", "normalOut"),
        totalTransInTps: sum("rate", "transIn"),
        totalScheduleInTps: sum("rate", "scheduleIn"),
      },
      totalOneDayNum: daysJson({
        normalIn: sum("daily", "normalIn"),
        normalOut: sum("daily", "normalOut"),
        transIn: sum("daily", "transIn"),
        scheduleIn: sum("daily", "scheduleIn"),
      }),
    },
  };
}

async function reportOf(lines: Lines, { name, address }: ClusterBroker): Promise<Report> {
  const [runtime, settings, topics, groups, half, delayed] = await Promise.all([
    brokerRuntime(lines, address),
    brokerConfig(lines, address),
    exportedTopics(lines, [address], false),
    exportedGroups(lines, [address]),
    brokerStats(lines, address, "TOPIC_PUT_NUMS", "RMQ_SYS_TRANS_HALF_TOPIC"),
    brokerStats(lines, address, "TOPIC_PUT_NUMS", "SCHEDULE_TOPIC_XXXX"),
  ]);
  const number = (key: string) => parseFloat(runtime.get(key) ?? "") || 0;
  const yesterday = (kind: string) =>
    number(`msg${kind}TotalTodayMorning`) - number(`msg${kind}TotalYesterdayMorning`);
  const rate: Flow = {
    normalIn: number("putTps"),
    normalOut: number(runtime.has("getTransferedTps") ? "getTransferedTps" : "getTransferredTps"),
    transIn: half?.statsMinute.tps ?? 0,
    scheduleIn: delayed?.statsMinute.tps ?? 0,
  };
  const daily: Flow = {
    normalIn: yesterday("Put"),
    normalOut: yesterday("Get"),
    transIn: sumOfDay(half),
    scheduleIn: sumOfDay(delayed),
  };
  const json = {
    runtimeEnv: { cpuNum: settings.get("clientCallbackExecutorThreads") }, // Java's default is the cores
    runtimeQuota: {
      diskRatio: {
        commitLogDiskRatio: runtime.get("commitLogDiskRatio"),
        consumeQueueDiskRatio: runtime.get("consumeQueueDiskRatio"),
      },
      tps: {
        normalInTps: rate.normalIn,
        normalOutTps: rate.normalOut,
        transInTps: rate.transIn,
        scheduleInTps: rate.scheduleIn,
      },
      oneDayNum: daysJson(daily),
      messageAverageSize: runtime.get("putMessageAverageSize"),
      topicSize: topics.topics.size,
      groupSize: groups.groups.size,
    },
    runtimeVersion: {
      rocketmqVersion: runtime.get("brokerVersionDesc"),
      clientInfo: await clientsOf(lines, address, groups.groups.keys()),
    },
  };
  return { name, daily, rate, json };
}

function daysJson({ normalIn, normalOut, transIn, scheduleIn }: Flow): unknown {
  return {
    normalOneDayInNum: normalIn,
    normalOneDayOutNum: normalOut,
    transOneDayInNum: transIn,
    scheduleOneDayInNum: scheduleIn,
  };
}

/** Language and version of the consumers that are connected, each kind once. */
async function clientsOf(
  lines: Lines,
  address: string,
  groups: Iterable<string>,
): Promise<string[]> {
  const kinds = new Set<string>();
  for (const group of groups) {
    const { connections = [] } = await groupOnline(lines, address, group) ?? {};
    for (const { language, version } of connections) {
      kinds.add(`${language}%${versionName(version)}`);
    }
  }
  return [...kinds].sort();
}
