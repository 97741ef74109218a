import { viewOf } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { type Namesrv, startNamesrv } from "../../../src/namesrv/namesrv.ts";
import type { Connection } from "../../../src/ports/net.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import type { Command } from "../../../src/wire/command.ts";
import { decodeFrames } from "../../../src/wire/frame.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenFrame, type GoldenSide } from "../../support/golden.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemNet } from "../../support/mem_net.ts";
import { runtime } from "../../support/runtime.ts";

/** One connection to a name server, on which a test asks one request at a time. */
export class Asker {
  readonly #conn: Connection;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #frames: ReadableStreamDefaultReader<Uint8Array[]>;

  constructor(conn: Connection) {
    this.#conn = conn;
    this.#writer = conn.writable.getWriter();
    this.#frames = conn.readable.pipeThrough(decodeFrames()).getReader();
  }

  /** Sends a captured request as it was captured. */
  async tell(side: GoldenSide): Promise<void> {
    const frame = goldenFrame(side);
    const sent = new Uint8Array(4 + frame.length);
    viewOf(sent).setUint32(0, frame.length);
    sent.set(frame, 4);
    await this.#writer.write(sent);
  }

  async ask(side: GoldenSide): Promise<Command> {
    await this.tell(side);
    const { value } = await this.#frames.read();
    return decodeCommand(value![0]);
  }

  /** Asks by code and fields, as a 4.9.7 Java client does unless told otherwise. */
  request(
    code: number,
    extFields: Record<string, string> = {},
    bodyText = "",
    version = 407,
  ): Promise<Command> {
    const header = { code, extFields, flag: 0, language: "JAVA", opaque: 1, version };
    return this.ask({ header: JSON.stringify(header), bodyText });
  }

  close(): void {
    this.#conn.close();
  }
}

/** A name server in memory and what a test needs around it. */
export interface Bench extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly fs: MemFs;
  readonly namesrv: Namesrv;
  dial(): Promise<Asker>;
}

/** Starts a name server on memory; the files may be those of an earlier one. */
export async function bench(fs = new MemFs()): Promise<Bench> {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const parts = { net: net.host("namesrv"), fs, clock, codecs: runtime.codecs };
  const options = { host: "namesrv", port: 9876, dataDir: "data" };
  const namesrv = await startNamesrv(parts, options, silentLog);
  const askers: Asker[] = [];
  return {
    clock,
    fs,
    namesrv,
    async dial() {
      const conn = await net.host("client").dial(namesrv.address, { timeoutMs: 1000 });
      const asker = new Asker(conn);
      askers.push(asker);
      return asker;
    },
    async [Symbol.asyncDispose]() {
      for (const asker of askers) asker.close();
      const closing = namesrv.close();
      await clock.advance(2_000);
      await closing;
    },
  };
}
