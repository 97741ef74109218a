import { WireError } from "../base/errors.ts";
import { reasonOf } from "../base/log.ts";
import { together, unlessAborted, whenAborted } from "../base/together.ts";
import { addressText } from "../wire/host_address.ts";
import type { SlaveName } from "../wire/slave_name.ts";
import { type Begin, beginWith, compared, type SlaveStore } from "./begin.ts";
import { differs } from "./first_report.ts";
import { decodeTransfers, type Transfer } from "./frames.ts";
import { checkTransfers, Intake } from "./intake.ts";
import { type MasterAnswers, NoAnswer } from "./master_answers.ts";
import { DifferenceError, wholeEnd } from "./overlap.ts";
import { type Proof, prove } from "./proof.ts";
import { FileSizeError } from "./record_walk.ts";
import { Reporter } from "./reporter.ts";
import { Silence } from "./silence.ts";
import type { MasterAt, Slave } from "./slave.ts";
import type { Why } from "./slave_status.ts";
import { Watch } from "./watch.ts";

const DIAL_MS = 5_000;
/** A read of so much is one of many. */
const BULK_BYTES = 128 * 1024;

/** One pass after another, and what a pass must know of those before it. */
export class Follower {
  readonly #slave: Slave;
  #differedAt: number | undefined; // where a master's bytes differed from ours
  #suspectFrom: number; // what lies behind it was not compared yet since the machine restarted
  #wrongSize: { readonly master: string; readonly max: number } | undefined;
  #warned = false;

  constructor(slave: Slave) {
    this.#slave = slave;
    this.#suspectFrom = slave.suspectFrom ?? Infinity;
  }

  /** Proves our log, then follows until that ends, and says why it did; true when bytes came. */
  async pass(master: MasterAt, signal: AbortSignal): Promise<boolean> {
    const { status, answers } = this.#slave;
    status.tries(master.ha);
    const asked = answers(master.broker);
    let followed = false;
    const stages: Stages = {
      proven: () => {
        this.#suspectFrom = Infinity;
        this.#differedAt = undefined;
      },
      goesOn: () => {
        followed = true;
        status.followsOn({ end: this.#slave.store.log.tail });
      },
    };
    try {
      if (await this.#stillWrongSize(master, asked, signal)) return false;
      const proof = await unlessAborted(signal, this.#prove(asked));
      if (proof?.first.kind === "stop") {
        status.troubled(proof.first.state, proof.first.why);
        return false;
      }
      if (proof === undefined) status.step("CONNECTING");
      else status.mayTry();
      const begin = await beginWith(this.#slave, proof, this.#suspectFrom);
      await this.#followOnce(master, asked, begin, signal, stages);
      if (!signal.aborted) status.troubled("CONNECTING", ended("the master closed the connection"));
    } catch (error) {
      if (!signal.aborted) await this.#failed(error, master);
    }
    return followed;
  }

  /** Bytes have shown files of another size: nothing but another log at the master's place ends that. */
  async #stillWrongSize(
    { ha }: MasterAt,
    answers: MasterAnswers,
    signal: AbortSignal,
  ): Promise<boolean> {
    const known = this.#wrongSize;
    if (known === undefined) return false;
    const { status } = this.#slave;
    const bounds = await unlessAborted(signal, answers.bounds().catch(() => undefined));
    if (bounds) status.learned(bounds);
    if (known.master === addressText(ha) && !(bounds && bounds.max < known.max)) return true;
    this.#wrongSize = undefined;
    return false;
  }

  /** Undefined when a master that does not answer is to be followed all the same. */
  async #prove(answers: MasterAnswers): Promise<Proof | undefined> {
    const { store, codecs, log, status, options } = this.#slave;
    if (options.proof === "stream") {
      if (!this.#warned) {
        log.warn("haProof=stream: the master is not asked whether our log is the beginning of its");
      }
      this.#warned = true;
      return undefined;
    }
    status.step("HANDSHAKE");
    const proof = await prove(answers, {
      log: store.log,
      codecs,
      syncFrom: options.syncFrom,
      suspectFrom: this.#suspectFrom,
      differedAt: this.#differedAt,
    });
    status.learned(proof.bounds);
    return proof;
  }

  /**
   * One connection to a master: says where it is to begin, compares what we hold, then appends and reports
   * what comes, until either side ends it.
   * @throws {WireError} when the master sends what does not continue our log; nothing of it is written.
   */
  async #followOnce(
    master: MasterAt,
    answers: MasterAnswers,
    begin: Begin,
    signal: AbortSignal,
    stages: Stages,
  ): Promise<void> {
    const { net, clock, store, options, status } = this.#slave;
    using conn = await net.dial(master.ha, { timeoutMs: DIAL_MS, signal });
    status.step("HANDSHAKE");
    const name = { ...this.#slave.self, haPort: conn.local.port };
    await this.#name(name, answers, signal);
    let silentMs = 0;
    using silence = new Silence(clock, options.silenceMs, (ms) => {
      silentMs = ms;
      conn.close();
    });
    using reporter = new Reporter({
      store,
      clock,
      everyMs: 0.8 * options.heartbeatMs,
      onlyDurable: options.onlyDurable,
    }, conn.writable.getWriter());
    const { proof } = begin;
    using watch = new Watch(
      { ...this.#slave, answers, bounds: proof?.bounds, chained: proof?.role === "SLAVE" },
      silence,
      reporter,
    );
    const decoder = decodeTransfers((chunk) => conn.recycle?.(chunk));
    const transfers = conn.readable.pipeThrough(decoder, { signal }).getReader();
    try {
      await together(signal, (until) => {
        whenAborted(until, () => (conn.close(), reporter.end(), watch.end()));
        const line = { transfers, reporter, silence, watch, stages };
        return [reporter.ended, watch.ended, takeEach(line, store, begin)];
      });
    } catch (error) {
      if (silentMs === 0) throw error;
    } finally {
      status.named(undefined);
    }
    if (silentMs > 0) {
      throw new WireError(`nothing came from the master for ${Math.round(silentMs)} ms`);
    }
  }

  /** Java masters pass over it, and one that does not answer serves an unnamed slave. */
  async #name(name: SlaveName, answers: MasterAnswers, signal: AbortSignal): Promise<void> {
    try {
      await unlessAborted(signal, answers.name(name));
    } catch (error) {
      if (this.#slave.options.proof === "requests" || signal.aborted) throw error;
    }
    this.#slave.status.named(name);
  }

  async #failed(error: unknown, { ha, broker }: MasterAt): Promise<void> {
    const { store, codecs, status } = this.#slave;
    if (error instanceof NoAnswer) {
      const advice = `make ${addressText(broker)} reachable from here, or set haProof=stream`;
      return status.troubled("HANDSHAKE", { reason: error.message, advice });
    }
    if (error instanceof FileSizeError) {
      this.#wrongSize = { master: addressText(ha), max: status.bounds?.max ?? 0 };
      return status.troubled("WRONG_FILE_SIZE", wrongSize(error.message));
    }
    if (!(error instanceof DifferenceError)) {
      return status.troubled("CONNECTING", ended(reasonOf(error)));
    }
    try {
      const end = wholeEnd(store.log, codecs);
      if (error.logOffset < end) {
        this.#differedAt = error.logOffset;
        return status.troubled("DIVERGED", differs(error.logOffset));
      }
      await store.cut(end); // what differs was torn: it is no record of ours yet
      status.troubled("CONNECTING", ended(`a torn record at ${end} is another one at the master`));
    } catch (failure) {
      status.troubled("CONNECTING", ended(reasonOf(failure)));
    }
  }
}

/** One connection's parts. */
interface Line {
  readonly transfers: ReadableStreamDefaultReader<Transfer[]>;
  readonly reporter: Reporter;
  readonly silence: Silence;
  readonly watch: Watch;
  readonly stages: Stages;
}

/** What a connection gets to be, called once each: our log was compared; what came then continued it. */
interface Stages {
  proven(): void;
  goesOn(): void;
}

async function takeEach(line: Line, store: SlaveStore, begin: Begin): Promise<void> {
  const { transfers, reporter, silence, watch } = line;
  const { log } = store;
  const intake = new Intake(store);
  await reporter.begin(begin.report);
  const start = await compared(line, begin, log);
  if (start === undefined) return;
  const { walk } = start;
  let { batch } = start;
  line.stages.proven();
  watch.begin();
  reporter.appended();
  for (let isNew = true;;) {
    if (batch.length > 0) {
      walk.lookAt(batch);
      checkTransfers(batch, log, begin.from ?? 0);
      const bytes = intake.append(batch);
      reporter.appended(bytes >= BULK_BYTES && watch.isBehind);
      intake.derive();
      if (batch[batch.length - 1].body.length === 0) watch.heartbeat(log.tail);
      else watch.grown(log.tail);
      if (isNew) line.stages.goesOn();
      isNew = false;
    }
    const next = await transfers.read();
    if (next.done) return;
    silence.heard();
    batch = next.value;
  }
}

function ended(reason: string): Why {
  return { reason, advice: "" };
}

function wrongSize(reason: string): Why {
  return {
    reason,
    advice: "give mappedFileSizeCommitLog the master's value and start with an empty store",
  };
}
