import { connect, createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../src/ports/net.ts";

/**
 * Stands between clients and a server. While it is closed nothing that the server says reaches them, and
 * no connection ends: a link that stalls.
 */
export class Gate implements AsyncDisposable {
  readonly #server: Server;
  readonly #links = new Set<{ readonly client: Socket; readonly server: Socket }>();
  #closed = false;

  constructor(server: Server, to: Address) {
    this.#server = server;
    server.on("connection", (client) => this.#join(client, to));
  }

  /** Listens on a free port of loopback, open. */
  static start(to: Address): Promise<Gate> {
    const server = createServer({ noDelay: true });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(new Gate(server, to)));
    });
  }

  get address(): Address {
    return { host: "127.0.0.1", port: (this.#server.address() as { port: number }).port };
  }

  /** Connections through it. */
  get links(): number {
    return this.#links.size;
  }

  /** Holds back what the server says. */
  close(): void {
    this.#closed = true;
    for (const { server } of this.#links) server.pause();
  }

  /** Lets through what was held back, and all that follows. */
  open(): void {
    this.#closed = false;
    for (const { server } of this.#links) server.resume();
  }

  #join(client: Socket, to: Address): void {
    const server = connect({ ...to, noDelay: true });
    const link = { client, server };
    this.#links.add(link);
    for (const [one, other] of [[client, server], [server, client]]) {
      one.on("error", () => {}); // a killed process resets
      one.on("data", (bytes) => other.write(bytes));
      one.on("close", () => {
        other.destroy();
        this.#links.delete(link);
      });
    }
    if (this.#closed) server.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#links) client.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
