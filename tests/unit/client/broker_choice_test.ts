import { assertEquals } from "@std/assert";
import { AVOID_MS, BrokerChoice } from "../../../src/client/broker_choice.ts";
import { test } from "../../harness.ts";

const nodes = (...ids: number[]) => new Map(ids.map((id) => [id, `node${id}`]));

test("pick() takes the master, then the suggested node, then what there is", () => {
  const choice = new BrokerChoice();
  assertEquals(choice.pick(nodes(1, 0, 2), 0), { id: 0, address: "node0" });
  choice.suggest(2);
  assertEquals(choice.pick(nodes(1, 0, 2), 0)?.id, 2);
  assertEquals(choice.pick(nodes(1, 0), 0)?.id, 0);
  assertEquals(choice.pick(nodes(3, 1), 0)?.id, 1);
  assertEquals(choice.pick(nodes(), 0), undefined);
});

test("pick() leaves a node that failed alone for a while, if there is another", () => {
  const choice = new BrokerChoice();
  choice.failed(0, 1_000);
  assertEquals(choice.pick(nodes(0, 1), 1_000)?.id, 1);
  assertEquals(choice.pick(nodes(0, 1), 1_000 + AVOID_MS)?.id, 0);
  assertEquals(choice.pick(nodes(0), 1_000)?.id, 0);
  assertEquals([choice.anyLeft(nodes(0, 1), 1_000), choice.anyLeft(nodes(0), 1_000)], [
    true,
    false,
  ]);
  choice.served(0);
  assertEquals(choice.pick(nodes(0, 1), 1_000)?.id, 0);
});
