import { type Log, reasonOf } from "../../base/log.ts";
import { type Dir, FsError } from "../../ports/fs.ts";
import type { Clock, Codecs } from "../../ports/host.ts";
import type { RecordView } from "../../wire/record_view.ts";
import {
  type Checkpoint,
  dropCheckpoint,
  NO_CHECKPOINT,
  replaceCheckpoint,
  safeTime,
} from "../checkpoint.ts";
import { DamageBelow, sayCut } from "./damage.ts";
import type { Feed } from "../feed.ts";
import { Headway, type OnOpenProgress } from "./headway.ts";
import type { KeyIndex } from "../index/key_index.ts";
import { cutDamage, dropBehind, keepFollowing, noLaterThan, syncEnd, whyCut } from "./log_end.ts";
import { LogReader } from "../log_reader.ts";
import type { Queues } from "../queues.ts";
import type { Segments } from "../segments.ts";
import { dropStale, newestKnown } from "./stale.ts";
import { Turn } from "../turn.ts";
import { type Boundary, type End, walk } from "./walk.ts";

/** What recovery looks at and mends. */
export interface Stored {
  /** The folder of the store. */
  readonly dir: Dir;
  readonly segments: Segments;
  readonly queues: Queues;
  readonly index: KeyIndex;
  readonly feed: Feed;
  readonly checkpoint: Checkpoint;
  /** The last process did not close the store. */
  readonly crashed: boolean;
  /** What that process wrote is all there: only its last writes may have been broken off. */
  readonly isWhole: boolean;
  /** No sync can vouch for what was written before: a sync failed. */
  readonly distrusted: boolean;
  /** What becomes of a log that is damaged where no crash can have torn it. */
  readonly logDamage: "refuse" | "cut";
}

/** Where the store goes on. */
export interface Recovered {
  /** The end of the log. */
  readonly tail: number;
  /** Before it, no power cut took or takes anything. */
  readonly durable: number;
  /** When the last record was stored. */
  readonly storeTimestamp: number;
  /** Up to here queues and index know the log: up to its end, unless the disk did not take what they need. */
  readonly fed: { readonly position: number; readonly storeTimestamp: number };
  /** What the checkpoint on disk says now. */
  readonly checkpoint: Checkpoint;
}

/** What recovery needs of its surroundings. */
export interface Recovering {
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly log: Log;
  readonly onProgress?: OnOpenProgress;
  /** Called before anything changes that a second recovery would have to mend, were this one to end early. */
  readonly beforeChange: () => void;
}

const SCAN_BYTES = 128 * 1024;
const LOOK_BYTES = 4 * 1024;
/** A long recovery vouches this often for what it has done, so that the next one need not begin as early. */
const VOUCH_MS = 2_000;

/**
 * Finds the end of the log, mends what a crash tore and brings the queues up to it. A record counts only if
 * its lengths, magic, CRC and own offset fit; what lies behind the last such record is zeroed and said, for
 * stale records must never come to life. After a clean stop only what no queue knows is read; after a crash
 * everything since the last file that the checkpoint says is safe, once.
 *
 * @throws {DamageBelow} when damage lies where nothing can have been torn, unless it is to be cut
 */
export async function recover(stored: Stored, recovering: Recovering): Promise<Recovered> {
  let { checkpoint } = stored;
  for (;;) {
    try {
      return await new Recovery({ ...stored, checkpoint }, recovering).run();
    } catch (error) {
      if (!(error instanceof DamageBelow) || stored.logDamage === "refuse") throw error;
      recovering.beforeChange();
      const cut = await cutDamage({ ...stored, checkpoint }, error, recovering.clock);
      sayCut(recovering.log, error, cut.copy);
      checkpoint = cut.checkpoint;
    }
  }
}

/** One try: ends with the store mended, or with damage it must not touch. */
class Recovery {
  readonly #stored: Stored;
  readonly #recovering: Recovering;
  readonly #turn: Turn;
  readonly #look: LogReader;
  readonly #scan: LogReader;
  #checkpoint: Checkpoint;
  #vouchedTo = 0; // log offset
  #vouchedAt: number; // monotonic
  #stuck: Boundary | undefined; // the disk did not take what the record there needs

  constructor(stored: Stored, recovering: Recovering) {
    const { segments, checkpoint } = stored;
    const { clock, codecs } = recovering;
    this.#stored = stored;
    this.#recovering = recovering;
    this.#checkpoint = checkpoint;
    this.#turn = new Turn(clock);
    this.#look = new LogReader(segments, codecs, LOOK_BYTES);
    this.#scan = new LogReader(segments, codecs, SCAN_BYTES);
    this.#vouchedAt = clock.monotonic();
  }

  /** See `recover`. */
  async run(): Promise<Recovered> {
    const { segments, queues, crashed } = this.#stored;
    const min = segments.first?.base ?? 0;
    const known = crashed ? undefined : newestKnown(queues, min, this.#look);
    const start = known ?? this.#lastSafeFile();
    this.#vouchedTo = start.at;
    this.#mustBeginWithRecords(start.at);
    const end = known ? await this.#afterClose(known, min) : await this.#afterCrash(start, min);
    const fed = this.#stuck ?? end;
    return {
      tail: end.at,
      durable: known ? end.at : start.at,
      storeTimestamp: end.time,
      fed: { position: fed.at, storeTimestamp: fed.time },
      checkpoint: this.#checkpoint,
    };
  }

  /** What was closed in order is read first and changed only when it is whole: damage is not to be cut. */
  async #afterClose(known: Boundary, min: number): Promise<End> {
    using headway = this.#headway(2 * this.#bytesFrom(known.at));
    const end = await walk(this.#scan, known, this.#turn, {
      record: () => {},
      pause: ({ at }) => headway.at(at - known.at),
    });
    this.#mustBeLast(end);
    await this.#cut(end);
    for (const queue of this.#stored.queues.all()) {
      dropStale(queue, min, end.at, this.#look);
      queue.correctMin(min);
      if (this.#turn.isOver()) await this.#turn.next();
    }
    await this.#loadIndex(known, false);
    if (end.at > known.at) await this.#feed(known, (done) => headway.at(end.at - known.at + done));
    return end;
  }

  /**
   * Of what a crash left, queues and index learn again what the log has. What they had of it may be torn when
   * the machine restarted; else they learn what they do not have.
   */
  async #afterCrash(start: Boundary, min: number): Promise<End> {
    const { queues, isWhole } = this.#stored;
    using headway = this.#headway(this.#bytesFrom(start.at));
    this.#recovering.beforeChange();
    for (const queue of queues.all()) {
      if (!isWhole) queue.cutFrom(start.at);
      else if (queue.logEnd > start.at) queue.dropLast(); // a write may have been broken off within it
      queue.correctMin(min);
      if (this.#turn.isOver()) await this.#turn.next();
    }
    await this.#loadIndex({ at: start.at, time: this.#look.storeMsAt(start.at) ?? 0 }, true);
    const end = await this.#feed(start, (done) => headway.at(done));
    await this.#vouchNoLaterThan(end.time);
    if (isWhole) await this.#forgetFrom(end.at);
    await this.#cut(end);
    return end;
  }

  /** Where the log was damaged, queues and index may know more than there is now. */
  async #forgetFrom(end: number): Promise<void> {
    const { queues, index } = this.#stored;
    if (index.newest.logOffset >= end) await index.cutFrom(end);
    queues.cutFrom(end);
  }

  /** The key index goes on from the same place as the queues. */
  #loadIndex({ at, time }: Boundary, crashed: boolean): Promise<void> {
    const coveredMs = this.#checkpoint.indexMs;
    this.#recovering.beforeChange(); // it may have to take something back
    const { index, segments, isWhole } = this.#stored;
    const part = { from: at, logEnd: segments.last?.end ?? 0, keeps: isWhole };
    const storeMsAt = (logOffset: number) => this.#look.storeMsAt(logOffset);
    const uncover = () => this.#uncover();
    const start = { ...part, crashed, fromMs: time, coveredMs, storeMsAt, uncover };
    return index.load(start, this.#turn);
  }

  /** A full disk takes no other checkpoint: then there is none, and a crash has all of the log read. */
  async #uncover(): Promise<void> {
    try {
      await this.#write({ ...this.#checkpoint, indexMs: 0 });
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      this.#checkpoint = NO_CHECKPOINT;
      await dropCheckpoint(this.#stored.dir);
    }
  }

  #headway(total: number): Headway {
    const { clock, log, onProgress } = this.#recovering;
    return new Headway(clock, log, total, onProgress);
  }

  /** Feeds what is derived from records with those from `start` on, up to the last whole one. */
  #feed(start: Boundary, done: (bytes: number) => void): Promise<End> {
    this.#recovering.beforeChange();
    const { feed } = this.#stored;
    let time = start.time;
    return walk(this.#scan, start, this.#turn, {
      record: (bytes, record) => {
        if (this.#stuck === undefined) this.#put(feed, bytes, record, time);
        time = record.storeTimestamp;
      },
      pause: async (here) => {
        done(here.at - start.at);
        if (this.#isTimeToVouch(here.at)) await this.#vouchFor(here);
      },
    });
  }

  /** A disk that takes nothing does not end recovery: dispatch goes on there once it takes something. */
  #put(feed: Feed, bytes: Uint8Array, record: RecordView, time: number): void {
    try {
      feed.put(bytes, record);
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      this.#stuck = { at: record.logOffset, time };
    }
  }

  /** A recovery begins at a file, so once a file is enough. */
  #isTimeToVouch(at: number): boolean {
    const { fileBytes } = this.#stored.segments;
    const hasEnded = Math.floor(at / fileBytes) > Math.floor(this.#vouchedTo / fileBytes);
    return hasEnded && this.#stuck === undefined && !this.#stored.distrusted &&
      this.#recovering.clock.monotonic() - this.#vouchedAt >= VOUCH_MS;
  }

  /** Makes safe what was done up to there, and has the checkpoint say so. */
  async #vouchFor({ at, time }: Boundary): Promise<void> {
    const { segments, queues, index } = this.#stored;
    const { clock, log } = this.#recovering;
    try {
      for (const segment of segments) {
        if (segment.end > this.#vouchedTo && segment.base < at) await segment.sync();
      }
      const isSafe = await queues.sync(this.#turn) && await index.sync(this.#turn);
      if (isSafe) await this.#vouchUpTo(time);
    } catch (error) {
      log.warn("cannot write the checkpoint", { reason: reasonOf(error) });
    }
    this.#vouchedTo = at;
    this.#vouchedAt = clock.monotonic();
  }

  #vouchUpTo(time: number): Promise<void> {
    const { index } = this.#stored;
    const { physicMs, logicsMs } = this.#checkpoint;
    return this.#write({
      physicMs: Math.max(physicMs, time),
      logicsMs: Math.max(logicsMs, time),
      indexMs: index.coverable(time),
    });
  }

  /** Or the checkpoint would vouch for what comes in the place of what is cut. */
  async #vouchNoLaterThan(time: number): Promise<void> {
    const lower = noLaterThan(this.#checkpoint, time);
    if (lower) await this.#write(lower);
  }

  async #write(checkpoint: Checkpoint): Promise<void> {
    await replaceCheckpoint(this.#stored.dir, checkpoint, this.#stored.index);
    this.#checkpoint = checkpoint;
  }

  /** What is to be read from there, as far as anybody knows. */
  #bytesFrom(at: number): number {
    const { segments, queues } = this.#stored;
    let end = segments.last?.base ?? 0;
    for (const queue of queues.all()) if (queue.logEnd > end) end = queue.logEnd;
    return Math.max(0, end - at);
  }

  /** The last file whose first record was stored before everything the checkpoint vouches for; else the first. */
  #lastSafeFile(): Boundary {
    const { segments } = this.#stored;
    const safe = safeTime(this.#checkpoint);
    for (let i = segments.length - 1; i > 0; i--) {
      const { base } = segments.at(i)!;
      const time = this.#look.storeMsAt(base) ?? 0;
      if (time > 0 && time <= safe) return { at: base, time: 0 };
    }
    return { at: segments.first?.base ?? 0, time: 0 };
  }

  /** Files before the one where the reading begins are whole: a look at their first record shows the worst. */
  #mustBeginWithRecords(before: number): void {
    const { dir, segments } = this.#stored;
    let time = 0;
    for (const segment of segments) {
      if (segment.end > before) return;
      const found = this.#look.look(segment.base);
      if (found !== "record" && found !== "blank") {
        const reason = found === "zero" ? "nothing is there" : this.#look.scanner.reason;
        throw new DamageBelow(segment, segment.base, time, reason, dir.path);
      }
      if (found === "record") time = this.#look.scanner.record.storeTimestamp;
    }
  }

  /** What was closed in order ends in its last records: the files behind damage must not be lost with it. */
  #mustBeLast(end: End): void {
    const { dir, segments } = this.#stored;
    const holder = segments.find(end.at);
    if (!holder) return;
    for (const segment of segments) {
      if (segment.base > end.at && this.#look.look(segment.base) === "record") {
        const reason = end.reason ?? "nothing is there";
        throw new DamageBelow(holder, end.at, end.time, reason, dir.path);
      }
    }
  }

  /** Ends the log behind its last whole record; no power cut brings back what lay there. */
  async #cut(end: End): Promise<void> {
    const { dir, segments } = this.#stored;
    const { clock, log } = this.#recovering;
    const { length } = segments;
    const reason = whyCut(segments, end, this.#scan);
    if (reason !== undefined) {
      const kept = await keepFollowing(dir, segments, end.at, this.#scan, clock);
      log.warn("log cut behind its last whole record", { logOffset: end.at, reason, ...kept });
      await this.#vouchNoLaterThan(end.time);
    }
    dropBehind(segments, end.at);
    if (reason !== undefined || segments.length < length) await syncEnd(segments, end.at);
  }
}
