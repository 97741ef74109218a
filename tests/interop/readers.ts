import { join } from "node:path";
import { textOf } from "../../src/base/bytes.ts";
import { connect } from "../../src/client/client.ts";
import { runtime } from "../support/runtime.ts";
import { runJava } from "./java.ts";
import type { Pair } from "./pair.ts";
import { within } from "./processes.ts";

/** A consumer that handles only what it is allowed to. */
export interface Reader {
  /** Bodies handled so far, in order. */
  readonly got: readonly string[];
  /** Lets it handle that many more. */
  allow(count: number): void;
  end(): Promise<unknown>;
}

/** What a reader reads, from the first message on. */
export interface Wanted {
  readonly group: string;
  readonly topic: string;
}

/** The official push consumer, in a process of its own. */
export async function javaReader(
  { home, namesrv }: Pair,
  { group, topic }: Wanted,
): Promise<Reader> {
  const got: string[] = [];
  const onLine = (line: string) => void (line.startsWith("got ") && got.push(line.slice(4)));
  const args = [namesrv, group, topic];
  const settings = ["-Xmx128m"];
  const program = runJava(join(home, "reader"), settings, "pocketmq.interop.Reader", args, onLine);
  await within(60, "start of the Java consumer", program.line(/^ready$/));
  return {
    got,
    allow: (count) => program.tell(String(count)),
    end: () => {
      program.tell("end");
      return within(30, "end of the Java consumer", program.exited);
    },
  };
}

/** Our consumer, in this process. */
// deno-lint-ignore require-await -- starts as the other does
export async function ourReader({ namesrv }: Pair, { group, topic }: Wanted): Promise<Reader> {
  const client = connect(runtime, { namesrvAddr: namesrv });
  const consumer = client.consumer({ group, topics: [{ topic }], from: "first" });
  const got: string[] = [];
  let [allowed, wake] = [0, () => {}];
  const reading = (async () => {
    for await (const { body } of consumer.messages) {
      while (got.length >= allowed) await new Promise<void>((resolve) => wake = resolve);
      got.push(textOf(body));
    }
  })();
  return {
    got,
    allow(count) {
      allowed += count;
      wake();
    },
    async end() {
      consumer.ack();
      await client.close();
      allowed = Infinity;
      wake();
      await reading;
    },
  };
}
