import { WireError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { Address, Connection } from "../ports/net.ts";
import { addressText } from "../wire/host_address.ts";
import type { HaConnectionStatus } from "../wire/ha_status.ts";
import type { SlaveName } from "../wire/slave_name.ts";
import type { Acks, Follower } from "./acks.ts";
import { QuietLog } from "./quiet_log.ts";
import { Rate } from "./rate.ts";
import { Refusals } from "./refusals.ts";

/** Connections that have not reported yet or are being sent away, at most. */
const UNSERVED_MAX = 256;
/** Connections served at once, at most; of those without a name, from one address. */
const SERVED_MAX = 64;
const NAMELESS_MAX = 8;
/** A name may come before its connection was seen, by this much. */
const NAME_WAITS_MS = 5_000;
const NAMES_WAITING_MAX = 256;
/** Slaves of which is remembered how much they were sent. */
const SENT_MAX = 1_000;

/** What the slaves of a log are known by. */
export interface SlavesContext {
  readonly acks: Acks;
  readonly clock: Clock;
  readonly log: Log;
  readonly source: { readonly tail: number };
  /** End of the log when this process opened it. */
  readonly born: () => number;
  /** Whether an IP is this machine's: a slave here may come from one of them and name itself from another. */
  readonly isOwn?: (host: string) => boolean;
}

/** One connection on the HA port. */
export class Line {
  readonly conn: Connection;
  /** Bytes it is sent. */
  readonly rate: Rate;
  /** Who it is, when it said so. Only `Slaves` sets these. */
  name: SlaveName | undefined;
  follower: Follower | undefined;
  inSync = false;
  /** True once it is closed: it left, or had to make room. */
  gone = false;

  constructor(conn: Connection, clock: Clock) {
    this.conn = conn;
    this.rate = new Rate(clock);
  }

  get host(): string {
    return this.conn.remote.host;
  }

  /** What tells slaves apart: two of ours on one machine are two, of others an IP address is one. */
  get key(): string {
    return this.name ? `id ${this.name.brokerId}` : `ip ${this.host}`;
  }

  /** How an operator names it: where its broker port is, or its IP when that is not known. */
  get addr(): string {
    return this.name ? addressText({ host: this.host, port: this.name.listenPort }) : this.host;
  }

  /** For lines of the log. */
  get who(): { remote: string; slave?: number } {
    return this.name ? { remote: this.addr, slave: this.name.brokerId } : { remote: this.addr };
  }
}

/**
 * Every connection on the HA port: which of them are one slave, which must make room, and what each was sent.
 * The one owner of that; acknowledgements are counted in `acks`.
 */
export class Slaves {
  readonly acks: Acks;
  readonly refusals: Refusals;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #source: { readonly tail: number };
  readonly #born: () => number;
  readonly #isOwn: (host: string) => boolean;
  readonly #lines = new Set<Line>(); // oldest first
  readonly #waiting = new Map<string, { name: SlaveName; at: number }>(); // by the HA connection's address
  readonly #sent = new Map<string, number>();
  readonly #clashed = new Set<number>();

  constructor({ acks, clock, log, source, born, isOwn = () => false }: SlavesContext) {
    this.acks = acks;
    this.refusals = new Refusals(clock, log);
    this.#clock = clock;
    this.#log = new QuietLog(log, clock);
    this.#source = source;
    this.#born = born;
    this.#isOwn = isOwn;
  }

  /** End of the log when this process opened it. */
  get born(): number {
    return this.#born();
  }

  /** A slave on that host says which connection is its own, perhaps before we have seen it. */
  named(host: string, name: SlaveName): void {
    const key = this.#place({ host, port: name.haPort });
    for (const line of this.#lines) {
      if (line.conn.remote.port !== name.haPort) continue;
      if (this.#place(line.conn.remote) === key) return this.#name(line, name);
    }
    this.#waiting.delete(key);
    this.#waiting.set(key, { name, at: this.#clock.monotonic() });
    if (this.#waiting.size > NAMES_WAITING_MAX) {
      this.#waiting.delete(this.#waiting.keys().next().value!);
    }
  }

  /** A connection came; it makes room when too many do not speak. */
  enter(conn: Connection): Line {
    const line = new Line(conn, this.#clock);
    const unserved = Array.from(this.#lines).filter(({ follower }) => follower === undefined);
    if (unserved.length >= UNSERVED_MAX) this.close(mostOfOneHost(unserved));
    this.#lines.add(line);
    const key = this.#place(conn.remote);
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (waiting && this.#clock.monotonic() - waiting.at <= NAME_WAITS_MS) {
      this.#name(line, waiting.name);
    }
    return line;
  }

  /** Up to where this process sent that slave the log. */
  sentTo(line: Line): number {
    let sent = this.#sent.get(sentKey(line)) ?? 0;
    for (const other of this.#lines) {
      if (sentKey(other) === sentKey(line)) sent = Math.max(sent, other.follower?.sent ?? 0);
    }
    return sent;
  }

  /** Counts a connection that is served from now on. @throws {WireError} when there are too many. */
  serve(line: Line, first: number, start: number): Follower {
    const served = Array.from(this.#lines).filter(({ follower }) => follower !== undefined);
    const nameless = served.filter(({ name }) => name === undefined);
    const alike = nameless.filter(({ host }) => host === line.host);
    if (line.name === undefined && alike.length >= NAMELESS_MAX) this.#makeRoom(alike);
    else if (served.length >= SERVED_MAX) this.#makeRoom(nameless);
    this.refusals.served(line.addr);
    return line.follower = this.acks.follower(line.key, first, start);
  }

  /** Ends one that never confirmed anything. @throws {WireError} when all of them did. */
  #makeRoom(served: readonly Line[]): void {
    const idle = served.filter(({ follower }) => follower!.acked === 0);
    if (idle.length === 0) {
      throw new WireError(`${served.length} slaves are served, that is enough`);
    }
    this.close(mostOfOneHost(idle));
  }

  /** Ends a connection, at once and with all it counted for. */
  close(line: Line): void {
    if (line.gone) return;
    line.gone = true;
    this.#lines.delete(line);
    line.conn.close();
    if (line.follower === undefined) return;
    const key = sentKey(line);
    const sent = Math.max(line.follower.sent, this.#sent.get(key) ?? 0);
    this.#sent.delete(key);
    this.#sent.set(key, sent);
    if (this.#sent.size > SENT_MAX) this.#sent.delete(this.#sent.keys().next().value!);
    line.follower.close();
  }

  /** The log was cut: nobody was sent what comes there now, and who was looked at before is to ask again. */
  cut(logOffset: number): void {
    for (const line of this.#lines) {
      if ((line.follower?.sent ?? Infinity) > logOffset) this.close(line);
    }
    for (const [key, sent] of this.#sent) this.#sent.set(key, Math.min(sent, logOffset));
  }

  /** A slave reported: says when it has all we have, or is too far behind to count. */
  reported(line: Line): void {
    const behind = this.#source.tail - line.follower!.position;
    if (!line.inSync && behind <= 0) {
      line.inSync = true;
      this.#log.info("a slave is in sync", { ...line.who, end: this.#source.tail });
    } else if (line.inSync && behind >= this.acks.fallBehindMax) {
      line.inSync = false;
      this.#log.warn("a slave fell behind", { ...line.who, bytes: behind });
    }
  }

  /** The lowest log offset that a connected slave still needs; undefined when none is connected. */
  get lowestNeeded(): number | undefined {
    let lowest: number | undefined;
    for (const { follower } of this.#lines) {
      if (follower) lowest = Math.min(lowest ?? Infinity, follower.position, follower.sent);
    }
    return lowest;
  }

  /** Connections that are served, for those who show them. */
  get connections(): HaConnectionStatus[] {
    const { tail } = this.#source;
    return Array.from(this.#lines).flatMap(({ conn, follower, rate }) => {
      if (follower === undefined) return [];
      const diff = Math.max(0, tail - follower.position);
      return {
        addr: addressText(conn.remote),
        slaveAckOffset: follower.acked,
        diff,
        inSync: diff < this.acks.fallBehindMax,
        transferredByteInSecond: rate.perSecond,
        transferFromWhere: follower.sent,
      };
    });
  }

  /** The same text for what is the same place. */
  #place({ host, port }: Address): string {
    return addressText({ host: this.#isOwn(host) ? "localhost" : host, port });
  }

  #name(line: Line, name: SlaveName): void {
    const known = line.name;
    line.name = name;
    if (line.follower) this.acks.rename(line.follower, line.key);
    if (known?.brokerId !== name.brokerId || known.listenPort !== name.listenPort) {
      this.#replace(line, name);
    }
  }

  /** Of two connections of one slave the newer counts: the other may hang half-open for long. */
  #replace(line: Line, name: SlaveName): void {
    let newer = false;
    for (const other of [...this.#lines]) {
      if (other === line) newer = true;
      else if (other.name?.brokerId !== name.brokerId) continue;
      else if (other.host === line.host && other.name.listenPort === name.listenPort) {
        this.#log.info("a newer connection of a slave replaces its older one", line.who);
        this.close(newer ? line : other);
        if (newer) return;
      } else this.#clash(line, other);
    }
  }

  #clash(line: Line, other: Line): void {
    const { brokerId } = line.name!;
    if (this.#clashed.has(brokerId)) return;
    if (this.#clashed.size < SENT_MAX) this.#clashed.add(brokerId);
    this.#log.warn("two slaves say they have the same brokerId, they count as one", {
      brokerId,
      one: other.addr,
      other: line.addr,
    });
  }
}

function sentKey({ host, key }: Line): string {
  return `${host} ${key}`;
}

/** The oldest of the host that has the most, one without a name if there is one. */
function mostOfOneHost(lines: readonly Line[]): Line {
  const counts = new Map<string, number>();
  for (const { host } of lines) counts.set(host, (counts.get(host) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const theirs = lines.filter(({ host }) => counts.get(host) === most);
  return theirs.find(({ name }) => name === undefined) ?? theirs[0];
}
