import type { Lines } from "../../admin/lines.ts";
import type { Producer } from "../../client/producer.ts";
import { allBrokers } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { CallError } from "../../rpc/peer.ts";
import { Exit } from "../exit.ts";
import { type MqadminCommand, mqadminCommand } from "./command.ts";
import { printJson, printRows } from "./print.ts";
import { repeated } from "./rounds.ts";
import { averageRt, sending, type SendTime, tried } from "./send_times.ts";

const AMOUNT = 100;
const SIZE_BYTES = 128;
const TITLES = ["#Cluster Name", "#Broker Name", "#RT", "#successCount", "#failCount"];
const HOUR_MS = 3_600_000;

/** The command that goes on sending. */
export const sendRounds: Readonly<Record<string, MqadminCommand>> = {
  clusterRT: mqadminCommand({
    summary: "Send messages to every broker again and again, and show how long that takes",
    flags: {
      amount: { kind: "count", letter: "a", meaning: `messages to each (${AMOUNT})` },
      size: { kind: "count", letter: "s", meaning: `bytes of a body (${SIZE_BYTES})` },
      cluster: { kind: "text", letter: "c", meaning: "that cluster alone" },
      "print log": { kind: "truth", letter: "p", meaning: "lines for a log, no table (false)" },
      "machine room": { kind: "text", letter: "m", meaning: "with -p: part of each line (noname)" },
      interval: {
        kind: "count",
        letter: "i",
        meaning: "seconds between rounds, until it is ended (10)",
      },
    },
    examples: ["clusterRT -a 10", "clusterRT -c DefaultCluster -i 60 -p true -m room1"],
    run: (context, given) =>
      sending(context, given, async (client, lines) => {
        const { amount = AMOUNT, size = SIZE_BYTES, "machine room": room = "noname" } = given;
        const producer = client.producer();
        return await repeated(context, given.interval ?? 10, async () => {
          const rows: BrokerTimes[] = [];
          for (const { cluster, name } of await masters(lines, given.cluster)) {
            const times = await sendsTo(context, producer, name, amount, size);
            rows.push(summed(cluster, name, times));
          }
          if (given.json) printJson(context, rows);
          else if (given["print log"]) {
            const now = context.runtime.clock.now();
            context.terminal.stdout(rows.map((row) => logLine(row, room, now)).join(""));
          } else printRows(context, given, TITLES, rows.map(rowOf), rows);
          return rows.some(({ failCount }) => failCount > 0) ? Exit.FAILED : Exit.OK;
        });
      }),
  }),
};

/** How sends to one broker went. */
export interface BrokerTimes {
  readonly cluster: string;
  readonly brokerName: string;
  /** ms, on average. */
  readonly rt: number;
  readonly successCount: number;
  readonly failCount: number;
}

async function masters(
  lines: Lines,
  wanted: string | undefined,
): Promise<readonly { readonly cluster: string; readonly name: string }[]> {
  const all = (await allBrokers(lines)).filter(({ id }) => id === 0);
  const meant = all.filter(({ cluster }) => (wanted ?? cluster) === cluster);
  if (meant.length > 0) return meant;
  const why = wanted ? `cluster "${wanted}" has no master` : "no master is registered";
  throw new CallError("unreachable", why);
}

/** Each broker has a topic of its name. */
async function sendsTo(
  context: Context,
  producer: Producer,
  brokerName: string,
  amount: number,
  size: number,
): Promise<SendTime[]> {
  const times: SendTime[] = [];
  const queue = { brokerName, queueId: 0, topic: brokerName };
  for (let n = 0; n < amount; n++) times.push(await tried(context, producer, size, queue));
  return times;
}

function summed(cluster: string, brokerName: string, times: readonly SendTime[]): BrokerTimes {
  const successCount = times.filter(({ ok }) => ok).length;
  const failCount = times.length - successCount;
  return { cluster, brokerName, rt: averageRt(times), successCount, failCount };
}

function rowOf({ cluster, brokerName, rt, successCount, failCount }: BrokerTimes): string[] {
  return [cluster, brokerName, rt.toFixed(2), String(successCount), String(failCount)];
}

/** A line for a log. Its clock is eight hours ahead of Greenwich's wherever it runs, as mqadmin's. */
export function logLine(
  { cluster, brokerName, rt }: BrokerTimes,
  room: string,
  now: number,
): string {
  const time = new Date(now + 8 * HOUR_MS).toISOString().slice(0, 19).replace("T", " ");
  return `${time}|${room}|${cluster}|${brokerName}|${Math.round(rt)}\n`;
}
