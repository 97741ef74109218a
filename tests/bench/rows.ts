import type { Address, Net } from "../../src/ports/net.ts";
import { haPush } from "./ha_load.ts";
import type { OwnNodes } from "./nodes.ts";
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

/** Who is measured. */
export interface Target {
  readonly broker: Address;
  readonly ha: Address;
}

/** One line of the table. */
export interface Row {
  readonly name: string;
  /** "own" rows start nodes of ours and cannot be driven on another broker. */
  readonly needs: "broker" | "ha" | "own";
  run(target: Target): Promise<Measured>;
}

const MIB = 1024 * 1024;
const TOPIC = "BenchTopic";
const PUSH_BYTES_MIN = 64 * MIB;

/** The lines in the order they are driven: pulls and HA read what the sends before them stored. */
export function rowsOf({ net, seconds, own }: { net: Net; seconds: number; own: OwnNodes }): Row[] {
  const send = (connections: number, inFlight: number): Row => ({
    name: `send ${connections} x ${inFlight}, 1 KiB, SYNC_MASTER`,
    needs: "broker",
    run: async ({ broker }) => {
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
  return [
    send(1, 1),
    send(4, 16),
    send(16, 32),
    {
      name: "pull 32 at a time, 4 queues",
      needs: "broker",
      run: async ({ broker }) => {
        const result = await pullLoad(net, { address: broker, topic: TOPIC, queues: 4, seconds });
        return {
          rate: result.perSecond,
          unit: "msg/s",
          note: `${(result.bytesPerSecond / 1e6).toFixed(0)} MB/s`,
        };
      },
    },
    {
      name: "HA push of a cold log to a bare slave",
      needs: "ha",
      run: async ({ broker, ha }) => {
        const until = await own.logEndOf(broker);
        if (until < PUSH_BYTES_MIN) throw new Error(`only ${until} bytes of log to push`);
        const result = await haPush(net, { address: ha, from: 1, until });
        return {
          rate: result.bytesPerSecond / 1e6,
          unit: "MB/s",
          note: `${(result.bytes / MIB).toFixed(0)} MiB`,
        };
      },
    },
    {
      name: "HA intake by an empty slave",
      needs: "own",
      run: async () => {
        const result = await own.intake();
        return {
          rate: result.bytesPerSecond / 1e6,
          unit: "MB/s",
          note: `${(result.bytes / MIB).toFixed(0)} MiB`,
        };
      },
    },
  ];
}
