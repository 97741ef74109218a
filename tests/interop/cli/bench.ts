/** `pocketmq bench`: counts and sums, never how fast it was. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Lab, onBoth } from "./clusters.ts";

/** Java's slaves ask for topics every 10 s; until then they know nothing of one that is new. */
async function knownTo(lab: Lab, slave: string, topic: string): Promise<void> {
  const words = ["bench", "consume", topic, "--count", "1", "-b", slave];
  for (const late = Date.now() + 60_000; Date.now() < late;) {
    if ((await lab.run(words)).code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${slave} does not hear of topic ${topic}`);
}

onBoth("pocketmq bench sends, reads and copies", async (lab) => {
  const { out, fails } = lab;
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
  await knownTo(lab, lab.slave, "cli-bench");
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
  assertEquals((await out("topic list")).includes("bench"), false);
});
