import { utf8 } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { type Client, connect } from "../../../src/client/client.ts";
import { startNamesrv } from "../../../src/namesrv/namesrv.ts";
import { runtime } from "../../support/runtime.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemNet } from "../../support/mem_net.ts";
import { FakeBroker } from "./fake_broker.ts";

/** Name servers of ours, brokers that are none, and clients, all in memory on one clock. */
export class FakeCluster implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly net = new MemNet(this.clock);
  readonly #ends: (() => Promise<void>)[] = [];
  #clients = 0;

  /** Starts a name server. */
  async namesrv(host = "ns"): Promise<{ stop(): Promise<void> }> {
    const parts = {
      net: this.net.host(host),
      fs: new MemFs(),
      clock: this.clock,
      codecs: runtime.codecs,
    };
    const server = await startNamesrv(parts, { host, port: 9876 }, silentLog);
    let stopped: Promise<void> | undefined;
    const stop = () => stopped ??= this.#advancing(server.close());
    this.#ends.push(stop);
    return { stop };
  }

  /** Starts a broker that registers `topics`, each with that many queues, at the name server. */
  async broker(
    name: string,
    topics: Record<string, number>,
    { id = 0, namesrv = "ns:9876" } = {},
  ): Promise<FakeBroker> {
    const broker = new FakeBroker(name, id, topics, this.clock, this.net);
    await broker.start(namesrv);
    this.#ends.push(() => broker.stop());
    return broker;
  }

  /** A client on a host of its own. */
  client(namesrvAddr = "ns:9876"): Client {
    const host = `client${++this.#clients}`;
    const client = connect(
      {
        net: this.net.host(host),
        clock: this.clock,
        codecs: runtime.codecs,
        processId: 7,
        addresses: () => [`10.0.0.${this.#clients}`],
        random: runtime.random,
      },
      { namesrvAddr },
    );
    this.#ends.unshift(() => this.#advancing(client.close()));
    return client;
  }

  /** Waits for what needs time to pass. */
  async #advancing(done: Promise<void>): Promise<void> {
    let ended = false;
    done.finally(() => ended = true);
    for (let i = 0; i < 50 && !ended; i++) await this.clock.advance(200);
    await done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
    await this.clock.settle();
    if (this.clock.waiting > 0) throw new Error(`${this.clock.waiting} timers were left running`);
  }
}

/** The text of a message's body. */
export function textIn({ body }: { readonly body: Uint8Array }): string {
  return new TextDecoder().decode(body);
}

/** A body that is this text. */
export const bodyOf = utf8;
