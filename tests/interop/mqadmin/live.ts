/** Live clients of both clusters for mqadmin to look at, see Live.java. */
import { join } from "node:path";
import { runJava } from "../java.ts";
import { within } from "../processes.ts";
import { lazily } from "../suite.ts";
import type { Mark } from "./marks.ts";
import { type Twin, twins } from "./twins.ts";

/**
 * Starts them, once. Afterwards {m0} to {m21} stand in commands for the ids of their messages by their place: 0 to 19
 * lie in topic Live, n in queue n % 4; 20 was delayed and 21 was sent in a transaction, both to LiveOne. {u0} to {u21}
 * are the ids that the client gave them.
 */
export const live: () => Promise<{ readonly ours: Twin; readonly java: Twin }> = lazily(
  async () => {
    const both = await twins();
    await Promise.all([start(both.ours), start(both.java)]);
    return both;
  },
);

async function start(twin: Twin): Promise<void> {
  const hear = (line: string) => {
    const [, n, id] = /^sent (\d+) (\w+)$/.exec(line) ?? [];
    if (n === undefined) return;
    twin.know(`m${n}`, id);
    twin.know(`u${n}`, `7F00000100010000000100000000${hex4(Number(n))}`);
  };
  const address = twin.trio.node("namesrv").address;
  const main = "pocketmq.interop.Live";
  const clients = runJava(join(twin.trio.home, "live"), ["-Xmx192m"], main, [address], hear);
  await within(120, "the live clients", clients.line(/^ready$/)).catch((error) => {
    throw new Error(`${error.message}\n${clients.said()}\n${twin.trio.said()}`);
  });
}

function hex4(n: number): string {
  return n.toString(16).toUpperCase().padStart(4, "0");
}

/** Where in the log a message lies: what both brokers had to write before depends on when their slave was there. */
export const logPlaces: Mark = {
  replace: (text) =>
    text.replace(/\b(CommitLog Offset: +)\d+/g, "$1<place>")
      .replace(/\b((?:commitLogOffset|preparedTransactionOffset|physicOffset)=)[1-9]\d*/g, "$1<place>"),
};

/** Ports of the clients, and the host of this machine where no other was told. */
export const clientHosts: Mark = {
  replace: (text) => text.replace(/\b(?:\d{1,3}\.){3}\d{1,3}:\d{4,5}\b/g, "<client>"),
};

/** How long something took. */
export const durations: Mark = {
  replace: (text) => text.replace(/\b(rt=|spentTimeMills=|RT: )[\d.]+/g, "$1<ms>"),
};
