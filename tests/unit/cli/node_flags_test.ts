import { assertEquals } from "@std/assert";
import { parted } from "../../../src/cli/node_flags.ts";
import { test } from "../../harness.ts";

const FLAGS = { json: { kind: "switch" }, broker: { kind: "text", letter: "b" } } as const;

test("parted() leaves a node its flags and takes the command's own, with their values", () => {
  const args = "--master --json --brokerName b -b h:1 -c f --broker=h:2 --listenPort 1".split(" ");
  assertEquals(parted(args, FLAGS), {
    own: ["--json", "-b", "h:1", "--broker=h:2"],
    others: ["--master", "--brokerName", "b", "-c", "f", "--listenPort", "1"],
  });
  assertEquals(parted(["--broker"], FLAGS), { own: ["--broker"], others: [] });
});
