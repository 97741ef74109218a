import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Signalled, signalled } from "../../../src/base/together.ts";
import { resyncHandler, type Taking, takingBack } from "../../../src/broker/resync.ts";
import { NoAnswer } from "../../../src/ha/master_answers.ts";
import { type Bounds, SlaveStatus } from "../../../src/ha/slave_status.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { parseResyncReport, type ResyncReport } from "../../../src/wire/ha_resync.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig } from "../../support/broker_rig.ts";
import { answersFrom, copyLog, putSizes } from "../../support/histories.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { closeAt, openAt } from "../../support/store.ts";

const RESYNC = 29_071;
const never = new AbortController().signal;

interface Scene {
  readonly rig: BrokerRig;
  readonly status: SlaveStatus;
  readonly taking: Taking;
  /** Answers a request as the broker would. */
  ask(ext?: Record<string, string>): Promise<Reply>;
  /** When the master answers. */
  readonly answered: Signalled<void>;
  readonly parts: number;
}

/** A slave that diverged from a master which does not answer yet. */
async function withSlave(body: (scene: Scene) => Promise<void>): Promise<void> {
  await using rig = await brokerRig({ role: "slave" });
  const { clock, parts: { store }, log } = rig;
  const master = await openAt(clock, new MemFs(), { logFileBytes: store.log.fileBytes });
  putSizes(master, "common", [500, 500]);
  copyLog(master, store);
  const parts = store.log.tail;
  putSizes(store, "slave", [500, 500, 500]);
  putSizes(master, "master", [900, 900, 900]);
  await clock.settle();
  const status = new SlaveStatus(clock, log);
  status.troubled("DIVERGED", { reason: "two histories", advice: "run resync" });
  const answered = signalled<void>();
  const answers = {
    ...answersFrom(master),
    bounds: (): Promise<Bounds> => answered.promise.then(() => answersFrom(master).bounds()),
  };
  const taking = takingBack(rig.parts, status, () => ({ answers, address: "10.0.0.1:10911" }));
  const [, handler] = resyncHandler(clock, taking.resync);
  const ask = async (ext: Record<string, string> = {}) =>
    await handler({ ext } as Parameters<typeof handler>[0], undefined!) as Reply;
  await body({ rig, status, taking, ask, answered, parts });
  await closeAt(clock, master);
}

const reportIn = ({ body }: Reply): ResyncReport => parseResyncReport(body!);

test("a master refuses request 29071", async () => {
  await using rig = await brokerRig();
  const { code, remark, ext } = await rig.client().ask({ code: RESYNC });
  assertEquals([code, remark, ext], [1, "Cannot resync: this broker is no slave", {}]);
});

test("request 29071 is answered when the log is cut and consumer offsets are taken back", () =>
  withSlave(async ({ rig, taking, ask, answered, parts }) => {
    const { clock, parts: { store, offsets } } = rig;
    offsets.commit("G", "T1", 0, 3);
    const asked = ask();
    answered.resolve();
    const turn = taking.turn(never);
    await clock.settle();
    await turn;
    const report = reportIn(await asked);
    assertEquals([report.state, report.cutAt, store.log.tail], ["DONE", parts, parts]);
    assertEquals(offsets.of("G", "T1", 0), store.queues.get("T1", 0)!.maxOffset);
    assertEquals(reportIn(await ask({ progress: "true" })), report);
  }));

test("request 29071 is answered within a second, and asked again until it is done", () =>
  withSlave(async ({ rig: { clock }, taking, ask, answered }) => {
    const asked = ask();
    const turn = taking.turn(never);
    await clock.advance(1_000);
    assertEquals([reportIn(await asked).state, reportIn(await asked).step], [
      "RUNNING",
      "COMPARING",
    ]);
    assertEquals(taking.view().reason, "resync: comparing");
    assertEquals(reportIn(await ask({ progress: "true" })).state, "RUNNING");
    answered.resolve();
    await clock.settle();
    await turn;
    assertEquals(reportIn(await ask({ progress: "true" })).state, "DONE");
    assertEquals(taking.view().reason, "two histories");
  }));

test("request 29071 says why it is refused, apart from what failed", () =>
  withSlave(async ({ rig: { clock }, status, taking, ask, answered }) => {
    const none = await ask({ progress: "true" });
    assertEquals([none.remark, none.ext], ["Cannot resync: none is under way", undefined]);
    status.follows("IN_SYNC", {});
    const refused = await ask();
    assertEquals([refused.code, refused.ext], [1, { refused: "true" }]);
    assertStringIncludes(refused.remark!, "its log does not differ");
    status.troubled("DIVERGED", { reason: "two histories", advice: "" });
    const asked = ask();
    answered.reject(new NoAnswer("no answer from 10.0.0.1:10911"));
    await Promise.all([taking.turn(never), clock.settle()]);
    const failed = await asked;
    assertEquals([failed.remark, failed.ext], [
      "Cannot resync: no answer from 10.0.0.1:10911",
      undefined,
    ]);
  }));
