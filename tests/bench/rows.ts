import type { Address, Net } from "../../src/ports/net.ts";
import { pullLoad } from "./pull_load.ts";
import { sendLoad } from "./send_load.ts";

/** One figure of the table; times in milliseconds. */
export interface Measured {
  readonly rate: number;
  readonly unit: string;
  readonly p50?: number;
  readonly p99?: number;
  readonly note?: string;
}

/** One line of the table, driven on a broker that runs. */
export interface Row {
  readonly name: string;
  run(broker: Address): Promise<Measured>;
}

const TOPIC = "BenchTopic";

/** The lines in the order they are driven: pulls read what the sends before them stored. */
export function rowsOf({ net, seconds }: { net: Net; seconds: number }): Row[] {
  const send = (connections: number, inFlight: number): Row => ({
    name: `send ${connections} x ${inFlight}, 1 KiB, SYNC_MASTER`,
    run: async (broker) => {
      const result = await sendLoad(net, {
        address: broker,
        topic: TOPIC,
        connections,
        inFlight,
        bodyBytes: 1024,
        queues: 4,
        seconds,
        warmSeconds: 2,
      });
      const other = [...result.other].map(([code, count]) => `code ${code}: ${count}`).join(", ");
      return {
        rate: result.perSecond,
        unit: "msg/s",
        p50: result.p50,
        p99: result.p99,
        note: other || undefined,
      };
    },
  });
  const pull = (name: string, sql?: string): Row => ({
    name,
    run: async (broker) => {
      const options = { address: broker, topic: TOPIC, queues: 4, seconds, sql };
      const result = await pullLoad(net, options);
      return {
        rate: result.perSecond,
        unit: "msg/s",
        note: `${(result.bytesPerSecond / 1e6).toFixed(0)} MB/s`,
      };
    },
  });
  return [
    send(1, 1),
    send(4, 16),
    send(16, 32),
    pull("pull 32 at a time, 4 queues"),
    pull("pull 32 at a time, 4 queues, SQL92 that wants all", "CLUSTER = 'DefaultCluster'"),
    pull("pull, 4 queues, SQL92 that wants none", "CLUSTER = 'x' OR amount > 5"),
  ];
}
