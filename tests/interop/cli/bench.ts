/** `pocketmq bench`: counts and sums, never how fast it was. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Lab, onBoth } from "./clusters.ts";

/** A slave of Java's confirms nothing for some seconds after its start. */
async function confirmed(lab: Lab): Promise<void> {
  const producer = lab.client().producer();
  const message = { topic: "cli-confirmed", body: "hello" };
  for (let i = 0; i < 300; i++) {
    if ((await producer.send(message)).status === "SEND_OK") return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the slave does not confirm");
}

onBoth("pocketmq bench sends, reads and copies", async (lab) => {
  const { out, fails } = lab;
  await confirmed(lab);
  const made = JSON.parse(
    await out("bench produce cli-bench --count 400 --batch 4 --keys 1 --tag a --keep --json"),
  );
  assertEquals([made.made, made.stored, made.storedWithWarmup], [true, 400, 400]);
  assertEquals(made.answers, [{ status: "SEND_OK", code: 0, messages: 400 }]);
  assertEquals(made.brokers.map(({ address, role }: Record<string, string>) => [address, role]), [
    [lab.master, "SYNC_MASTER"],
  ]);
  const timed = JSON.parse(
    await out("bench produce cli-bench --seconds 1 --warmup 0 --rate 100 --json"),
  );
  assertEquals([timed.made, timed.kept, timed.corrected], [false, true, true]);
  assertMatch(
    await out("topic status cli-bench"),
    new RegExp(`\\ncli-bench holds ${400 + timed.storedWithWarmup} messages\\.\\n$`),
  );

  const read = JSON.parse(await out("bench consume cli-bench --json"));
  assertEquals(read.messages, 400 + timed.storedWithWarmup);
  const atSlave = await out(`bench consume cli-bench --count 100 -b ${lab.slave}`);
  assertMatch(atSlave, /^Reading cli-bench, to its end: 4 queues on broker-a \(SLAVE, /);

  const lag = JSON.parse(
    await out(`bench replicate -b ${lab.master} --measure lag --seconds 1 --json`),
  );
  assertEquals([lag.slaves[0].address, lag.slaves[0].late], [lab.slave, 0]);
  assertEquals([lag.messages > 0, lag.slaves[0].seen], [true, lag.messages]);

  if (lab.by === "Java") {
    const unsafe = await fails(4, `bench replicate -b ${lab.master}`);
    assertStringIncludes(unsafe, "does not say how many slaves it has");
  }
  const took = JSON.parse(await out(`bench replicate -b ${lab.master} --yes --json`));
  assertEquals([took.from, took.passes, took.to >= took.bytes], [1, 1, true]);
  // a Java slave's port serves its log too; nobody waits for it
  const fromSlave = JSON.parse(await out(`bench replicate -b ${lab.slave} --json`));
  assertEquals([fromSlave.role, fromSlave.from], ["SLAVE", 1]);

  await out("topic delete cli-bench");
  await out("topic delete cli-confirmed");
  assertEquals((await out("topic list")).includes("bench"), false);
});
