/** `pocketmq doctor` and `pocketmq health`: what they can tell of Java's brokers, they tell as of ours. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../../../src/cli/doctor/facts.ts";
import { patiently } from "../../support/patience.ts";
import { type Lab, onBoth } from "./clusters.ts";

/** Looks until exactly these causes are found, in this order; what a master registers takes a moment. */
async function finds(lab: Lab, words: string, ...causes: string[]): Promise<Finding[]> {
  let found: Finding[] = [];
  await patiently(() => `doctor ${words} finds ${JSON.stringify(found)}`, async () => {
    const exit = await lab.run(["doctor", ...words.split(" "), "--json"]);
    found = exit.stdout.trim().split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    const isWrong = found.some(({ level }) => level === "wrong");
    assertEquals(exit.code, isWrong ? 3 : 0, exit.stdout + exit.stderr);
    return found.map(({ cause }) => cause).join() === causes.join();
  });
  return found;
}

onBoth(
  "pocketmq doctor tells why a topic cannot be used, and health that nodes serve",
  async (lab) => {
    const { out, run, namesrv, master, slave } = lab;
    const automatic = `admin updateBrokerConfig -b ${master} -k autoCreateTopicEnable -v`;
    const [missing] = await finds(lab, "cli-docter", "topic-missing");
    assertEquals(missing.where, "cli-docter");
    await out("topic create cli-doctor");
    await finds(lab, "cli-doctor");
    await finds(lab, "cli-docto", "topic-missing");
    await out(`${automatic} false`);
    const [off] = await finds(lab, "cli-docto", "auto-create-off");
    assertStringIncludes(off.text, 'did you mean "cli-doctor"?');
    await out(`${automatic} true`);

    await out("topic perm cli-doctor R");
    await finds(lab, "cli-doctor", "topic-permission");
    await out("topic perm cli-doctor RW");
    await out("admin wipeWritePerm -b broker-a");
    const [wiped] = await finds(lab, "cli-doctor", "write-perm-wiped");
    await out(wiped.next[0].replace(/^.* admin /, "admin "));
    await finds(lab, "cli-doctor");

    await lab.client().producer().send({ topic: "cli-doctor", body: new Uint8Array(3) });
    await out("group create cli-doctor-readers");
    await out("offset set cli-doctor-readers cli-doctor --to first");
    const [empty] = await finds(lab, "cli-doctor", "group-empty");
    assertStringIncludes(empty.text, 'nobody is in group "cli-doctor-readers", 1 message');

    for (const ready of [" --ready --timeout 20", " --timeout 20"]) {
      assertEquals(await out(`health -b ${namesrv}${ready}`), `ok: name server at ${namesrv}\n`);
      assertEquals(await out(`health -b ${master}${ready}`), `ok: master broker-a at ${master}\n`);
      const state = lab.by === "ours" ? ", IN_SYNC" : ""; // Java's 4.9 has no word for it
      assertEquals(
        await out(`health -b ${slave}${ready}`),
        `ok: slave broker-a-1 at ${slave}${state}\n`,
      );
    }
    const [wrong] = (await run(["doctor", "-n", master, "--json"])).stdout.split("\n");
    assertEquals(JSON.parse(wrong).cause, "namesrv-is-broker");
  },
);
