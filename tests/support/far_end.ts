import { concat } from "../../src/base/bytes.ts";
import { type Address, type Connection, NetError } from "../../src/ports/net.ts";
import { decodeCommand, encodeCommand } from "../../src/wire/codec.ts";
import { type Command, FLAG_ONEWAY, FLAG_RESPONSE } from "../../src/wire/command.ts";
import { FrameReader } from "../../src/wire/frame.ts";

/** What a test says of a command; the rest is as a Java client has it. */
export type CommandFields = Partial<Command> & { readonly oneway?: boolean };

/** A request as bytes. */
export function requestBytes(fields: CommandFields): Uint8Array {
  return encodeCommand(commandOf(fields));
}

/** A command with what a test says of it. */
export function commandOf({ oneway = false, ...fields }: CommandFields): Command {
  return {
    form: "json",
    code: 1,
    language: "JAVA",
    version: 407,
    opaque: 1,
    flag: oneway ? FLAG_ONEWAY : 0,
    remark: undefined,
    ext: {},
    body: new Uint8Array(0),
    ...fields,
  };
}

/** A connection whose other end is the test: it says what each read brings, and sees each write. */
export class FarEnd {
  readonly conn: Connection;
  /** What was written to it, one piece a write. */
  readonly writes: Uint8Array[] = [];
  /** True once the near end closed the connection. */
  closed = false;
  #in!: ReadableStreamDefaultController<Uint8Array>;
  #stalled = false;
  #held: { resolve(): void; reject(error: Error): void }[] = [];
  #ended = false;
  readonly #frames = new FrameReader();
  #seen = 0;

  constructor(remote: Address = { host: "10.0.0.1", port: 4711 }) {
    const close = () => this.#closeFromNear();
    this.conn = {
      remote,
      local: { host: "10.0.0.9", port: 10911 },
      readable: new ReadableStream<Uint8Array>({
        start: (controller) => void (this.#in = controller),
      }),
      writable: new WritableStream<Uint8Array>({ write: (bytes) => this.#take(bytes) }),
      close,
      [Symbol.dispose]: close,
    };
  }

  /** Puts all of it into one read. */
  send(...commands: readonly (CommandFields | Uint8Array)[]): void {
    const parts = commands.map((one) => one instanceof Uint8Array ? one : requestBytes(one));
    this.#in.enqueue(concat(parts).slice());
  }

  /** Answers a request that came from the near end. */
  answer(request: Command, fields: CommandFields = {}): void {
    this.send({ code: 0, ...fields, opaque: request.opaque, flag: FLAG_RESPONSE });
  }

  /** Commands that came since the last look. */
  commands(): Command[] {
    for (; this.#seen < this.writes.length; this.#seen++) {
      this.#frames.push(this.writes[this.#seen]);
    }
    return this.#frames.take().map(decodeCommand);
  }

  /** True: what is written from now on is not taken. False: what was held is, too. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (!stalled) { for (const { resolve } of this.#held.splice(0)) resolve(); }
  }

  /** Sends a FIN. */
  end(): void {
    if (!this.#ended) this.#in.close();
    this.#ended = true;
  }

  /** Breaks the connection, as a reset does. */
  break(): void {
    const error = new NetError("other", "connection reset");
    if (!this.#ended) this.#in.error(error);
    this.#ended = true;
    for (const { reject } of this.#held.splice(0)) reject(error);
  }

  #take(bytes: Uint8Array): Promise<void> | undefined {
    if (this.closed) throw new NetError("other", "the connection was closed");
    this.writes.push(bytes);
    if (this.#stalled) {
      return new Promise((resolve, reject) => this.#held.push({ resolve, reject }));
    }
  }

  #closeFromNear(): void {
    this.closed = true;
    this.end();
    const error = new NetError("other", "the connection was closed");
    for (const { reject } of this.#held.splice(0)) reject(error);
  }
}
