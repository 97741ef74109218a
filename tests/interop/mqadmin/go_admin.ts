/** The admin of the Go client, as the others here: what it is told by our cluster is what Java's tells it. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { test } from "../../harness.ts";
import { HAS_GO, startGo } from "../clients/go_client.ts";
import { live } from "./live.ts";
import type { Twin } from "./twins.ts";

interface Facts {
  readonly topics: string[];
  readonly groups: Record<string, unknown>;
  readonly gone: boolean;
}

async function tells(twin: Twin): Promise<Facts> {
  const run = await startGo({
    namesrv: twin.trio.node("namesrv").address,
    run: "go",
    home: join(twin.files, "go"),
    scenarios: ["adminTells"],
  });
  const { ok, error, facts } = await run.line("adminTells") as
    & Awaited<
      ReturnType<typeof run.line>
    >
    & { readonly facts: Facts };
  assert(ok, error);
  return facts;
}

async function sameForGo(): Promise<void> {
  const { ours, java } = await live();
  const [told, wanted] = [await tells(ours), await tells(java)];
  // Ours makes its topics for transactions with the first of them, Java's later.
  const topics = told.topics.filter((topic) => !/^RMQ_SYS_TRANS_(OP_)?HALF_TOPIC$/.test(topic));
  assertEquals({ ...told, topics }, wanted);
  assert(wanted.gone && wanted.topics.includes("go-told") && "LiveGroup" in wanted.groups);
}

if (HAS_GO) test("the Go client's admin is told the same, and does the same", sameForGo);
