import { type Log, reasonOf } from "../base/log.ts";
import { type Signalled, signalled } from "../base/together.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import type { RecordLog } from "../store/record_search.ts";
import type { ResyncReport, ResyncStep } from "../wire/ha_resync.ts";
import { findDifference } from "./difference.ts";
import { type MasterAnswers, NoAnswer } from "./master_answers.ts";
import { readMarker, removeMarker, type ResyncMarker, writeMarker } from "./resync_marker.ts";
import { FOLLOWS, mustBeSmall, mustHaveRoom, ResyncRefusal, WHY, whyNot } from "./resync_rules.ts";
import type { SlaveStatus } from "./slave_status.ts";
import { copyTail } from "./tail_copy.ts";

/** Copies lie there, below the store's folder. */
const DIVERGED = "diverged";

/** What a resync works with. */
export interface ResyncContext {
  readonly store: {
    readonly log: RecordLog;
    cut(logOffset: number): Promise<void>;
  };
  /** The store's folder. */
  readonly root: Dir;
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly log: Log;
  readonly status: SlaveStatus;
  /** The master's broker port and its address; undefined while no master is known. */
  readonly master: () => { readonly answers: MasterAnswers; readonly address: string } | undefined;
  /** The log has just been cut. */
  readonly afterCut: () => void;
  /** It begins by itself, within bounds (haAutoResync). */
  readonly auto: boolean;
}

/**
 * Takes a slave back to the history of its master: keeps a copy of what differs, cuts it away, and lets the
 * slave follow again. It works only between two tries to follow (`turn`), so nothing is appended beside it.
 * Nothing is cut whose copy is not safe, and a kill at any moment is gone on with at the next start.
 */
export class Resync {
  readonly #context: ResyncContext;
  #wanted: Signalled<ResyncReport> | undefined;
  #works = false;
  #report: ResyncReport | undefined;
  #failure: unknown;
  #gaveUpOn = -1; // since when the slave has been in the state that could not be ended by itself

  constructor(context: ResyncContext) {
    this.#context = context;
  }

  /** How far the one under way is; or the last one, which may have failed. @throws what ended it */
  get report(): ResyncReport | undefined {
    const { status } = this.#context;
    if (this.#wanted && !this.#works && status.followed) this.#settle(new ResyncRefusal(FOLLOWS));
    if (this.#failure !== undefined) throw this.#failure;
    return this.#report;
  }

  /** What it does, for those who show the slave's state; undefined when none is under way. */
  get saying(): string | undefined {
    if (!this.#works || this.#report === undefined) return undefined;
    const { step, copied, total } = this.#report;
    return step === "COPYING"
      ? `resync: copied ${copied} of ${total} bytes that differ`
      : `resync: ${step.toLowerCase()}`;
  }

  /**
   * Begins one, or joins the one under way; resolves when the log is cut.
   * @throws {ResyncRefusal} when there is nothing to be cut, or not safely
   */
  request(): Promise<ResyncReport> {
    if (this.#wanted === undefined) {
      const { status } = this.#context;
      const why = whyNot(status);
      if (why !== undefined) return Promise.reject(new ResyncRefusal(why));
      this.#wanted = signalled();
      this.#wanted.promise.catch(() => {}); // whoever asked may be gone
      this.#failure = undefined;
      this.#show("COMPARING", {});
      status.retry();
    }
    return this.#wanted.promise;
  }

  /** Goes on with what a killed process began; before anybody reads the log. Never rejects. */
  async finish(signal: AbortSignal): Promise<void> {
    const { root, log } = this.#context;
    try {
      const marker = readMarker(root);
      if (marker !== undefined) await this.#goOn(marker, signal);
    } catch (error) {
      log.error("cannot go on with a resync that was broken off", {
        file: `${root.path}/resync.json`,
        reason: reasonOf(error),
      });
    }
  }

  async #goOn(marker: ResyncMarker, signal: AbortSignal): Promise<void> {
    const { root, log, store } = this.#context;
    const { from, to } = marker;
    const { minOffset, tail } = store.log;
    if (from < minOffset || tail < from || tail > to) {
      log.warn("the log is not what it was when a resync began: that is given up", {
        from,
        to,
        minOffset,
        tail,
      });
      return await removeMarker(root);
    }
    log.warn("going on with a resync that was broken off", { from, to });
    const copied = marker.copied || tail === from;
    await this.#carry({ ...marker, to: tail, copied }, signal);
  }

  /** Between two tries to follow: does what was asked for, or is due by itself. Never rejects. */
  async turn(signal: AbortSignal): Promise<void> {
    const { status, auto, log } = this.#context;
    try {
      const byItself = auto && status.state === "DIVERGED" &&
        this.#gaveUpOn !== status.view().since;
      if (this.#wanted === undefined && !byItself) return;
      this.#works = true;
      const report = await this.#run(this.#wanted === undefined, signal);
      this.#settle(undefined, report);
    } catch (error) {
      if (!(error instanceof NoAnswer)) this.#gaveUpOn = status.view().since;
      log.warn("this slave is not resynced", { reason: reasonOf(error) });
      this.#settle(error);
    } finally {
      this.#works = false;
    }
  }

  async #run(byItself: boolean, signal: AbortSignal): Promise<ResyncReport> {
    this.#show("COMPARING", {});
    const { store, codecs, clock, root } = this.#context;
    const master = this.#context.master();
    if (master === undefined) throw new ResyncRefusal("no master is known");
    const { tail } = store.log;
    const bounds = await master.answers.bounds();
    const found = await findDifference(master.answers, bounds, store.log, codecs);
    if (found.kind !== "parts") throw new ResyncRefusal(WHY[found.kind](tail, bounds));
    const total = tail - found.at;
    if (byItself) mustBeSmall(found.at, tail, bounds);
    mustHaveRoom(total, root.space().freeBytes);
    const folder = `${found.at}-${clock.now()}`;
    const marker = { from: found.at, to: tail, master: master.address, folder, copied: false };
    await writeMarker(root, marker);
    return await this.#carry(marker, signal);
  }

  /** Copies, cuts, and forgets; whatever of it is done already is not harmed by doing it again. */
  async #carry(begun: ResyncMarker, signal: AbortSignal): Promise<ResyncReport> {
    const { root, log, store, afterCut } = this.#context;
    const { from, to, folder } = begun;
    if (!begun.copied) await this.#copy(begun, signal);
    this.#show("CUTTING", { cutAt: from });
    if (store.log.tail > from) await store.cut(from);
    afterCut();
    await removeMarker(root);
    const path = root.child(DIVERGED).child(folder).path;
    log.warn("the log was cut where the master's goes on otherwise", {
      from,
      to,
      master: begun.master,
      copy: path,
    });
    return this.#show("FOLLOWING", { state: "DONE" });
  }

  async #copy(marker: ResyncMarker, signal: AbortSignal): Promise<void> {
    const { root, store, clock } = this.#context;
    const { from, to } = marker;
    const diverged = root.child(DIVERGED);
    const folder = diverged.child(marker.folder);
    const facts = { cutAt: from, end: to, total: to - from, copied: 0, folder: folder.path };
    this.#show("COPYING", facts);
    try {
      await copyTail(store.log, marker, folder, clock, (copied) => {
        signal.throwIfAborted();
        this.#show("COPYING", { copied });
      });
      await diverged.sync();
      await root.sync();
      await writeMarker(root, { ...marker, copied: true });
    } catch (error) {
      if (signal.aborted) throw error; // the next start goes on with it
      diverged.remove(marker.folder); // nothing was cut: what is there of the copy is in the log
      await removeMarker(root);
      throw error;
    }
  }

  #show(step: ResyncStep, facts: Partial<ResyncReport>): ResyncReport {
    const before = step === "COMPARING" ? NOTHING : this.#report ?? NOTHING;
    const { tail } = this.#context.store.log;
    const end = step === "COMPARING" ? tail : before.end;
    return this.#report = { ...before, state: "RUNNING", step, end, ...facts };
  }

  #settle(failure: unknown, report?: ResyncReport): void {
    this.#failure = failure;
    if (report === undefined) this.#report = undefined;
    if (report) this.#wanted?.resolve(report);
    else this.#wanted?.reject(failure);
    this.#wanted = undefined;
  }
}

const NOTHING: ResyncReport = {
  state: "RUNNING",
  step: "COMPARING",
  cutAt: -1,
  end: 0,
  copied: 0,
  total: 0,
  folder: "",
};
