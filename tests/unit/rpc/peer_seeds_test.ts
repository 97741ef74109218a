import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { CallError, type Handler, Peer } from "../../../src/rpc/peer.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { memLink } from "../../support/mem_net.ts";
import { everySeed, type Random } from "../../support/seeds.ts";

const CALLS = 60;

/** Two peers that ask each other over a link that cuts bytes anywhere, is slow, and may break. */
async function askBothWays(random: Random): Promise<void> {
  const clock = new VirtualClock();
  const [here, there] = ["10.0.0.1", "10.0.0.2"].map((host) => ({ host, port: 1 }));
  const link = memLink(clock, here, there);
  const breaks = random.below(2) === 0;
  for (const { manner } of [link.toAcceptor, link.toDialer]) {
    const most = random.pick([1, 7, 300, 65536]);
    manner.chunkBytes = () => random.between(1, most);
    manner.delayMs = random.below(5);
    manner.capacityBytes = random.pick([1, 1000, 262144]);
    if (breaks) manner.cutAfter = random.between(0, 30_000);
  }
  const handled = new Map<string, number>();
  const echo: Handler = ({ body, ext }) => {
    handled.set(ext.id, (handled.get(ext.id) ?? 0) + 1);
    const reply: Reply = { code: 0, ext: { id: ext.id }, body };
    if (ext.later === "0") return reply;
    return new Promise((resolve) => clock.after(Number(ext.later), () => resolve(reply)));
  };
  const gone: Peer[] = [];
  const served = {
    handlers: new Map([[7, echo]]),
    closed: (peer: Peer) => void gone.push(peer),
  };
  const form = random.pick(["json", "binary"] as const);
  const peers = [link.dialer, link.acceptor].map((conn) =>
    new Peer(conn, served, { clock, log: silentLog, form })
  );
  const outcomes: string[] = [];
  for (let i = 0; i < CALLS; i++) {
    const [from, id] = [random.below(2), `call ${i}`];
    const body = utf8("x".repeat(random.pick([0, 10, 1000])));
    const later = String(random.pick([0, 0, 3, 50]));
    const asked = { code: 7, ext: { id, later }, body };
    if (random.below(10) === 0) peers[from].tell(asked);
    else {
      peers[from].call(asked, 1_000).then((answer) => {
        assertEquals([answer.ext.id, answer.body], [id, body]);
        outcomes.push("answered");
      }).catch((error) => outcomes.push(error instanceof CallError ? error.kind : String(error)));
    }
    if (random.below(3) === 0) await clock.advance(random.below(10));
  }
  await clock.advance(20_000);
  const told = CALLS - outcomes.length;
  assert(told < CALLS / 3, "every call has ended");
  const kinds = new Set(outcomes);
  for (const kind of kinds) assert(["answered", "closed", "timeout"].includes(kind), kind);
  assert([...handled.values()].every((times) => times === 1), "nothing is handled twice");
  if (!breaks) assertEquals([kinds, handled.size], [new Set(["answered"]), CALLS]);
  for (const peer of peers) peer.close();
  await Promise.all(peers.map((peer) => peer.gone));
  await clock.advance(1000);
  assertEquals([gone.length, clock.waiting], [2, 0]);
}

test("peers answer each other exactly once over any link, or say that it broke", () =>
  everySeed(30, askBothWays));
