import type { BrokerHa } from "../admin/ha.ts";
import type { ResyncReport } from "../wire/ha_resync.ts";
import { type Paint, plain } from "./colour.ts";
import { exitOf, type Health, judge, type Judged, type Seen } from "./ha_health.ts";
import { tableOf } from "./table.ts";
import { bytesText, durationText } from "./units.ts";
import type { View } from "./watch.ts";

const NONE = "-";

/** Tables of brokers and slaves, then what there is to say; `now` is ms since 1970. */
export function lookText(seen: readonly Seen[], now: number, paint: Paint = plain): View {
  const brokers = seen.map((one) => ({ seen: one, ...judge(one, now) }));
  const slaves = brokers.flatMap(({ seen }) => slaveRows(seen, paint));
  const notes = brokers.map(({ seen, notes }) => notesText(seen, notes, now)).join("");
  return {
    text: tableOf([
      HEADER,
      ...brokers.map(({ seen, ...judged }) => brokerRow(seen, judged, brokers, paint)),
    ]) +
      (slaves.length > 0 ? `\n${tableOf([SLAVE_HEADER, ...slaves])}` : "") +
      (notes === "" ? "" : `\n${notes}`),
    exit: exitOf(brokers),
  };
}

/** The same as one JSON object a line, a broker each. */
export function lookJson(seen: readonly Seen[], now: number): View {
  const brokers = seen.map((one) => ({ seen: one, ...judge(one, now) }));
  const lines = brokers.map(({ seen: { address, registered, ha, failure }, health, notes }) =>
    JSON.stringify({
      address,
      cluster: registered?.cluster,
      name: registered?.name ?? ha?.name,
      id: registered?.id ?? ha?.id,
      role: ha?.role,
      health,
      notes,
      unreachable: failure?.reason,
      minOffset: ha?.minOffset,
      maxOffset: ha?.maxOffset,
      ...ha?.status,
    }) + "\n"
  );
  return { text: lines.join(""), exit: exitOf(brokers) };
}

const HEADER = ["BROKER", "ID", "ADDRESS", "ROLE", "STATE", "LOG", "BEHIND", "RATE", "SLAVES"];
const HEALTH_PAINT: Readonly<Record<Health, (paint: Paint) => (text: string) => string>> = {
  ok: ({ green }) => green,
  behind: ({ yellow }) => yellow,
  unknown: ({ yellow }) => yellow,
  refused: ({ red }) => red,
  unreachable: ({ red }) => red,
};
const SLAVE_HEADER = ["MASTER", "SLAVE", "ACKNOWLEDGED", "BEHIND", "RATE", "IN SYNC"];

function brokerRow(
  { address, registered, ha }: Seen,
  { health }: Judged,
  all: readonly { readonly seen: Seen }[],
  paint: Paint,
): string[] {
  const shown = HEALTH_PAINT[health](paint);
  const name = registered?.name ?? ha?.name ?? NONE;
  const id = registered?.id ?? ha?.id;
  const first = [name || NONE, id === undefined ? NONE : String(id), address];
  if (ha === undefined) {
    return [...first, NONE, shown(health.toUpperCase()), NONE, NONE, NONE, NONE];
  }
  return [
    ...first,
    ha.role || NONE,
    shown(stateOf(ha)),
    logOf(ha),
    behindOf(ha, all),
    rateOf(ha),
    ha.status === undefined ? NONE : slavesOf(ha),
  ];
}

function stateOf({ status }: BrokerHa): string {
  if (status === undefined) return "UNKNOWN";
  return status.pocketmq?.state ?? (status.master ? "MASTER" : "SLAVE");
}

function logOf(ha: BrokerHa): string {
  const { min, max } = endsOf(ha);
  if (max <= 0) return max < 0 ? NONE : "empty";
  return `${min < 0 ? "?" : min}..${max}`;
}

function endsOf({ status, minOffset, maxOffset }: BrokerHa): { min: number; max: number } {
  const own = status?.pocketmq;
  return own ? { min: own.minOffset, max: own.maxOffset } : { min: minOffset, max: maxOffset };
}

/** How much a slave lacks: by what it knows of its master, else by what the master of its name says. */
function behindOf(ha: BrokerHa, all: readonly { readonly seen: Seen }[]): string {
  const lacks = lacking(ha, all);
  return lacks === undefined ? NONE : bytesText(lacks);
}

function lacking(ha: BrokerHa, all: readonly { readonly seen: Seen }[]): number | undefined {
  if (ha.status ? ha.status.master : ha.id === 0) return undefined;
  const known = ha.status?.pocketmq?.masterMaxOffset ?? -1;
  const master = all.find(({ seen }) => seen.ha && seen.ha.name === ha.name && seen.ha.id === 0);
  const asked = master?.seen.ha ? endsOf(master.seen.ha).max : -1;
  const max = Math.max(known, asked);
  const own = endsOf(ha).max;
  return max < 0 || own < 0 ? undefined : Math.max(0, max - own);
}

function rateOf({ status }: BrokerHa): string {
  if (status === undefined) return NONE;
  const { haClientRuntimeInfo: client, haConnectionInfo: slaves } = status;
  const bytes = status.master
    ? slaves.reduce((sum, { transferredByteInSecond }) => sum + transferredByteInSecond, 0)
    : client.transferredByteInSecond;
  return `${bytesText(bytes)}/s`;
}

function slavesOf({ status }: BrokerHa): string {
  const { haConnectionInfo: slaves, inSyncSlaveNums } = status!;
  return slaves.length === 0 ? "0" : `${inSyncSlaveNums} of ${slaves.length} in sync`;
}

function slaveRows({ address, ha }: Seen, paint: Paint): string[][] {
  return (ha?.status?.haConnectionInfo ?? []).map((slave) => [
    address,
    slave.addr,
    slave.slaveAckOffset > 0 ? String(slave.slaveAckOffset) : "nothing yet",
    bytesText(slave.diff),
    `${bytesText(slave.transferredByteInSecond)}/s`,
    slave.inSync ? paint.green("yes") : paint.yellow("no"),
  ]);
}

function notesText({ address, ha }: Seen, notes: readonly string[], now: number): string {
  const all = [...catchingUp(ha), ...notes];
  if (all.length === 0) return "";
  const own = ha?.status?.pocketmq;
  const since = own && own.since > 0 && own.state !== "MASTER"
    ? `, ${own.state} for ${durationText(Math.max(0, now - own.since))}`
    : "";
  return `${address}${since}:\n` +
    all.map((note) => `  ${withAddress(note, address)}\n`).join("");
}

function catchingUp(ha: BrokerHa | undefined): string[] {
  const own = ha?.status?.pocketmq;
  if (own?.state !== "CATCHING_UP") return [];
  const left = own.masterMaxOffset - own.maxOffset;
  const rate = ha!.status!.haClientRuntimeInfo.transferredByteInSecond;
  if (left <= 0 || rate <= 0) return [];
  return [`${bytesText(left)} are left to copy, ${durationText(left / rate * 1000)} at this rate`];
}

/** Advice names the command; here it is known on which broker. */
function withAddress(note: string, address: string): string {
  return note.replaceAll("`pocketmq ha resync`", `\`pocketmq ha resync -b ${address}\``)
    .replace(/`pocketmq ha accept (\S+)`/g, `\`pocketmq ha accept $1 -b ${address}\``);
}

/** What a resync did. */
export function resyncText({ cutAt, end, total, folder }: ResyncReport): string {
  if (total === 0) return `The log was not cut: nothing in it differs. It ends at ${end}.\n`;
  return `The log was cut at ${cutAt}; it ended at ${end}. ${
    bytesText(total)
  } that differ are kept in ` +
    `${folder}.\nThe slave follows its master again; pocketmq ha status shows how far it is.\n`;
}
