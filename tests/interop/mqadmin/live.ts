/** Live clients of both clusters for mqadmin to look at, see Live.java. */
import { join } from "node:path";
import { runJava } from "../java.ts";
import { within } from "../processes.ts";
import { lazily } from "../suite.ts";
import { dates, type Mark, mark, millis } from "./marks.ts";
import { eventually, type Twin, twins } from "./twins.ts";

/**
 * Starts them, once. Afterwards {m0} to {m22} stand in commands for the ids of their messages by their place, {u0} to
 * {u22} for those that the client gave them. 0 to 19 lie in topic Live, n in queue n % 4. 20 was delayed and 21 was
 * sent in a transaction (there is no {m21}), and with 22 they lie in the one queue of LiveOne in this order. {nothing} is an id of a
 * place where no message begins.
 */
export const live: () => Promise<{ readonly ours: Twin; readonly java: Twin }> = lazily(
  async () => {
    const both = await twins();
    for (const role of ["master", "slave"]) { // Java's filters by properties only when told to
      const told = `updateBrokerConfig -n {namesrv} -b {${role}} -k enablePropertyFilter -v true`;
      await both.java.run(told);
    }
    await Promise.all([start(both.ours), start(both.java)]);
    return both;
  },
);

/** Both clusters, as `live` and `twins` give them. */
type Both = Awaited<ReturnType<typeof twins>>;

/** Waits until the consumers have read all and told their brokers, which they do every 5 s. */
export async function allRead({ ours, java }: Both): Promise<void> {
  for (const twin of [ours, java]) {
    for (const group of ["LiveGroup", "LiveOrderly"]) {
      await eventually(`${group} to have read all`, async () => {
        const { out } = await twin.run(`consumerProgress -n {namesrv} -g ${group}`);
        return /^Diff Total: 0$/m.test(out);
      });
    }
  }
}

async function start(twin: Twin): Promise<void> {
  const hear = (line: string) => {
    const [, n, id] = /^sent (\d+) ([\dA-F]{32})$/.exec(line) ?? []; // who prepares a message is told no place
    if (n === undefined) return;
    twin.know(`m${n}`, id);
    twin.know(`u${n}`, `7F00000100010000000100000000${hex4(Number(n))}`);
    twin.know("nothing", `${id.slice(0, 16)}000000007FFFFFFF`);
  };
  const address = twin.trio.node("namesrv").address;
  const main = "pocketmq.interop.Live";
  const clients = runJava(join(twin.trio.home, "live"), ["-Xmx192m"], main, [address], hear);
  twin.keep(clients);
  await within(120, "the live clients", clients.line(/^ready$/)).catch((error) => {
    throw new Error(`${error.message}\n${clients.said()}\n${twin.trio.said()}`);
  });
}

function hex4(n: number): string {
  return n.toString(16).toUpperCase().padStart(4, "0");
}

/** Where in the log a message lies: what lies before it depends on when the slave was there. */
export const logPlaces: Mark = {
  replace: (text) =>
    text.replace(
      /\b(CommitLog Offset: +|(?:commitLogOffset|preparedTransactionOffset|physicOffset)=)[1-9]\d*/g,
      "$1<place>",
    ),
};

/** The id of a message by its place, that no other command may name. */
export const places: Mark = mark("id", /\b7F0000010000[0-9A-F]{20}\b/g);

/** The id that mqadmin itself gave a message: of this machine, and of this moment. */
export const freshIds: Mark = mark("fresh", /\b[0-9A-F]{32,56}\b/g);

/** Where a client is, of whatever address of this machine. */
export const clientHosts: Mark = mark("client", /\b(?:\d{1,3}\.){3}\d{1,3}:\d{4,5}\b/g);

/** All that a message printed as a whole has from the moment it was stored in. */
export const message: readonly Mark[] = [dates, millis, places, logPlaces, clientHosts];

/** Lines in which the pattern is, taken out. */
export function without(what: RegExp): Mark {
  return { replace: (text) => text.split("\n").filter((line) => !what.test(line)).join("\n") };
}
