import { assertEquals } from "@std/assert";
import type { TraceStep } from "../../../../src/admin/trace.ts";
import { traceText, tracksText } from "../../../../src/cli/admin/message_trace.ts";
import { test } from "../../../harness.ts";

const T0 = Date.UTC(2026, 0, 31, 12);
const common = { messageId: "A1", region: "r", keys: "", clientHost: "10.0.0.9" };
const sent: TraceStep = {
  ...{ ...common, kind: "Pub", time: T0, group: "shop", topic: "orders", tags: "", ok: true },
  ...{ storeHost: "10.0.0.5:10911", bodyBytes: 3, costMs: 12, messageType: "Normal_Msg" },
  offsetMessageId: "",
};
const begun = (requestId: string, retryTimes: number): TraceStep => ({
  ...{ ...common, kind: "SubBefore", time: T0 + 20, group: "billing", requestId, retryTimes },
});
const done: TraceStep = {
  ...{ ...common, kind: "SubAfter", time: T0 + 25, group: "billing", requestId: "r1" },
  ...{ costMs: 5, ok: false, contextCode: 4 },
};

test("message trace shows each delivery once, with what came of it", () => {
  assertEquals(
    traceText([sent, begun("r1", 0), done, begun("r2", 1)]),
    `TIME                      WHAT                GROUP    CLIENT    TOOK   RESULT
2026-01-31T12:00:00.000Z  sent                shop     10.0.0.9  12 ms  stored at 10.0.0.5:10911
2026-01-31T12:00:00.025Z  consumed            billing  10.0.0.9  5 ms   failed
2026-01-31T12:00:00.020Z  delivered, retry 1  billing  10.0.0.9  -      not done yet
`,
  );
});

test("message trace tells a transaction's end", () => {
  const ended: TraceStep = {
    ...{ ...common, kind: "EndTransaction", time: T0, group: "shop", topic: "orders", tags: "" },
    ...{ storeHost: "", messageType: "Trans_msg_Commit", transactionId: "A1" },
    ...{ state: "COMMIT_MESSAGE", fromCheck: true },
  };
  assertEquals(traceText([ended]).split("\n")[1].split(/ {2,}/).slice(1), [
    ...["ended", "shop", "10.0.0.9", "-", "commit when asked"],
  ]);
});

test("message trace shows what brokers tell of each group", () => {
  assertEquals(
    tracksText([
      { group: "billing", kind: "CONSUMED" },
      { group: "mail", kind: "UNKNOWN", problem: "no answer" },
      { group: "nightly", kind: "NOT_ONLINE", passed: true },
      { group: "weekly", kind: "NOT_ONLINE", passed: false },
    ]),
    `GROUP    BY ITS OFFSETS
billing  consumed it
mail     not known: no answer
nightly  is past it; nobody is online
weekly   has not come to it, and nobody is online
`,
  );
  assertEquals(tracksText([]), "No group reads its topic.\n");
});
