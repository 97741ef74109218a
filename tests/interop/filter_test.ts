/** Filters by properties: Java's client on our brokers, a Java broker on our store, and our client on that. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../../src/client/client.ts";
import { AnswerError } from "../../src/client/errors.ts";
import { parseFilterTable } from "../../src/wire/filter_table.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { within } from "./processes.ts";
import { sharedTrio, testScenarios } from "./suite.ts";

const trio = sharedTrio({ namesrv: "deno", master: "deno", slave: "deno" }, {
  enablePropertyFilter: "true", // ours has it anyway
});

testScenarios("Java's client", trio, "sql", {
  ready: "a send is answered SEND_OK once the slave is there",
  sqlPush: "a push consumer gets what its SQL92 expression wants, at once when it is new",
  sqlRefused: "a consumer whose expression does not compile is refused by code 23",
  sqlPull: "a pull brings its own expression",
  sqlTwoGroups: "each group has its own expression",
  sqlStock: "messages are there for others",
});

test("our master leaves", async () => {
  assertEquals(await (await trio()).node("master").end("SIGTERM"), 0);
});

testScenarios("Java's client without a master", trio, "sql", {
  sqlAgain: "the slave filters, too",
});

test("a Java broker takes the master's place, on its store", async () => {
  await (await trio()).start("master", "java");
});

testScenarios("Java's client on the Java broker", trio, "sql", {
  sqlAgainElsewhere: "it gets the same of our messages as from us",
});

test("our client gets what its SQL92 expression wants from a Java broker", async () => {
  const namesrvAddr = (await trio()).node("namesrv").address;
  await using client = connect(runtime, { namesrvAddr });
  const topic = "sql-sql-stock";
  const expression = "number >= 50 AND colour IN ('red')";
  const topics = [{ topic, expression, type: "SQL92" }] as const;
  const consumer = client.consumer({ group: "ours", topics, from: "first" });
  const numbers: number[] = [];
  const reader = consumer.messages.getReader();
  for (let n = 0; n < 5; n++) {
    const { value } = await within(60, `message ${n + 1}`, reader.read());
    numbers.push(Number(value!.properties.get("number")));
  }
  assertEquals(numbers.sort(), [50, 52, 54, 56, 58]);
  const wrong = client.consumer({
    group: "wrong",
    topics: [{ topic, expression: "number >> 5", type: "SQL92" }],
  });
  const reading = wrong.messages.getReader().read();
  const { code } = await assertRejects(() => within(30, "a refusal", reading), AnswerError);
  assertEquals(code, 23);
});

test("the Java broker took over the filters that our master had kept, and added its own", async () => {
  const pair = await trio();
  await pair.node("master").end("SIGTERM");
  const file = join(pair.node("master").folder, "config/consumerFilter.json");
  const text = readFileSync(file, "utf8");
  const groups = parseFilterTable(text).map(({ consumerGroup }) => consumerGroup);
  for (
    const group of ["G_sql-sql-first", "G_sql-sqlPush-reader", "G_sql-sqlAgainElsewhere-later"]
  ) {
    assert(groups.includes(group), `${group} is not among ${groups}`);
  }
  assertStringIncludes(text, '"bitNum":112');
  await pair.close();
});
