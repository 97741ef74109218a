import { messageTrace, type TraceStep } from "../../admin/trace.ts";
import { TRACE_TOPIC } from "../../wire/trace.ts";
import { reaching } from "../admin/reach.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { type MqadminCommand, mqadminCommand } from "./command.ts";
import { secondText } from "./moments.ts";
import { printJson } from "./print.ts";

/** Commands about what clients noted of messages. */
export const messageTraces: Readonly<Record<string, MqadminCommand>> = {
  queryMsgTraceById: mqadminCommand({
    summary: "Show who sent a message and who consumed it, as traced clients noted it",
    flags: {
      msgId: { kind: "text", letter: "i", required: true, meaning: "the id its producer gave it" },
      traceTopic: {
        ...{ kind: "text", letter: "t", names: "topic" } as const,
        meaning: `topic of traces (${TRACE_TOPIC})`,
      },
    },
    alias: "QueryMsgTraceById",
    examples: ["queryMsgTraceById -i 7F0000010007000000000000000001A2"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { msgId: messageId, traceTopic: topic = TRACE_TOPIC } = given;
        const steps = await messageTrace(lines, { messageId, topic }, context.runtime.codecs);
        if (steps.length === 0) {
          context.terminal.stderr(`pocketmq: no client noted anything of ${messageId}\n`);
          return Exit.FAILED;
        }
        if (given.json) printJson(context, steps);
        else context.terminal.stdout(traceText(steps));
        return Exit.OK;
      }),
  }),
};

/** A table of who sent it, and one for each group of who consumed it. */
export function traceText(steps: readonly TraceStep[]): string {
  const titles = (group: string, time: string) => [
    ...["#Type", group, "#ClientHost", time, "#CostTimes", "#Status"],
  ];
  const sent = steps.filter((step) => step.kind === "Pub");
  const consumed = steps.filter((step) => step.kind === "SubAfter");
  const groups = [...new Set(consumed.map(({ group }) => group))].sort();
  const tables = groups.map((group) => [
    titles("#ConsumerGroup", "#ConsumerTime"),
    ...consumed.filter((step) => step.group === group).map((step) => rowOf("Sub", step)),
  ]);
  if (sent.length > 0) {
    tables.unshift([
      titles("#ProducerGroup", "#SendTime"),
      ...sent.map((step) => rowOf("Pub", step)),
    ]);
  }
  return tables.map((rows) => `${tableOf(rows)}\n`).join("");
}

type Timed = Pick<TraceStep, "group" | "clientHost" | "time"> & {
  readonly costMs: number;
  readonly ok: boolean;
};

function rowOf(type: string, { group, clientHost, time, costMs, ok }: Timed): string[] {
  const status = ok ? "success" : "failed";
  return [type, group, clientHost, secondText(time), `${costMs}ms`, status];
}
