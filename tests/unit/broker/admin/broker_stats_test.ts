import { assert, assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../../src/base/bytes.ts";
import { Counted } from "../../../../src/broker/counts.ts";
import {
  formatBrokerStats,
  formatBrokerStatsQuery,
  parseBrokerStats,
  parseBrokerStatsQuery,
} from "../../../../src/wire/broker_stats.ts";
import { decodeCommand } from "../../../../src/wire/codec.ts";
import { parseConsumeStats } from "../../../../src/wire/consume_stats.ts";
import { Fields } from "../../../../src/wire/fields.ts";
import { test } from "../../../harness.ts";
import { formatSendBack } from "../../../../src/wire/send_back.ts";
import { brokerRig, pull, send } from "../../../support/broker_rig.ts";
import { goldenExchanges, goldenFrame } from "../../../support/golden.ts";

test("captured answers to 315 come out byte for byte", () => {
  for (const { request, response } of goldenExchanges().filter(({ code }) => code === 315)) {
    const { ext } = decodeCommand(goldenFrame(request));
    assertEquals(formatBrokerStatsQuery(parseBrokerStatsQuery(new Fields(ext))).ext, ext);
    const stats = parseBrokerStats(utf8(response!.bodyText!));
    assertEquals(textOf(formatBrokerStats(stats)), response!.bodyText);
  }
});

test("Counted tells a minute, an hour and a day apart", () => {
  const counted = new Counted(0);
  for (let at = 10_000; at <= 2 * 86_400_000; at += 10_000) {
    counted.total += 20;
    counted.times += 10;
    counted.sample(at);
  }
  const { statsMinute, statsHour, statsDay } = counted.stats(2 * 86_400_000);
  assertEquals(statsMinute, { avgpt: 2, sum: 120, tps: 2 });
  assertEquals(statsHour, { avgpt: 2, sum: 7_200, tps: 2 });
  assertEquals(statsDay, { avgpt: 2, sum: 172_800, tps: 2 });
  assert(!counted.idle);
});

test("Counted is idle when nothing came for a day", () => {
  const counted = new Counted(0);
  counted.total = 5;
  for (let hour = 1; hour <= 25; hour++) counted.sample(hour * 3_600_000);
  assert(counted.idle);
});

test("315 tells what a topic and a group had in the last minute, and 208 how fast that is", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  for (let i = 0; i < 8; i++) await client.ask(send());
  const ask = async (statsName: string, statsKey: string) => {
    const { code, body } = await client.ask({ code: 315, ext: { statsName, statsKey } });
    return code === 0 ? parseBrokerStats(body).statsMinute : code;
  };
  await rig.clock.advance(10_000);
  assertEquals(await ask("TOPIC_PUT_NUMS", "T"), { avgpt: 1, sum: 8, tps: 0.8 });
  const stored = rig.store.log.tail;
  const sizes = { avgpt: stored / 8, sum: stored, tps: stored / 10 };
  assertEquals(await ask("TOPIC_PUT_SIZE", "T"), sizes);
  const { body } = await client.ask(pull({ maxMsgNums: "6" }));
  assertEquals(await ask("GROUP_GET_NUMS", "T@C"), { avgpt: 6, sum: 6, tps: 6 });
  const size = await ask("GROUP_GET_SIZE", "T@C");
  assert(typeof size === "object" && size.sum === body.length);
  await rig.clock.advance(10_000);
  rig.parts.offsets.commit("C", "T", 0, 6);
  const stats = await client.ask({ code: 208, ext: { consumerGroup: "C" } });
  assertEquals(parseConsumeStats(stats.body).consumeTps, 0.6);
  await rig.clock.advance(120_000);
  assertEquals(await ask("TOPIC_PUT_NUMS", "T"), { avgpt: 0, sum: 0, tps: 0 });
  for (const [name, key] of [["TOPIC_PUT_NUMS", "no"], ["GROUP_GET_NUMS", "T"], ["WHAT", "T@C"]]) {
    assertEquals(await ask(name, key), 1);
  }
});

test("315 tells under the cluster's name what the whole broker stored and gave", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const ask = async (statsName: string, statsKey = "DefaultCluster") => {
    const { code, body } = await client.ask({ code: 315, ext: { statsName, statsKey } });
    return code === 0 ? parseBrokerStats(body).statsMinute : code;
  };
  assertEquals([await ask("BROKER_PUT_NUMS"), await ask("BROKER_GET_NUMS")], [1, 1]);
  await client.askAll(send(), send({ topic: "U" }), send());
  await client.ask(pull());
  await rig.clock.advance(10_000);
  assertEquals(await ask("BROKER_PUT_NUMS"), { avgpt: 0, sum: 3, tps: 0.3 });
  assertEquals(await ask("BROKER_GET_NUMS"), { avgpt: 0, sum: 2, tps: 0.2 });
  assertEquals(await ask("BROKER_PUT_NUMS", "OtherCluster"), 1);
});

test("315 tells what a group gave back, by the topic it had it from", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const ask = async (statsName: string, statsKey: string) => {
    const { code, body } = await client.ask({ code: 315, ext: { statsName, statsKey } });
    return code === 0 ? parseBrokerStats(body).statsDay.sum : code;
  };
  await client.ask(send());
  assertEquals(await ask("SNDBCK_PUT_NUMS", "T@G"), 1);
  const back = { group: "G", delayLevel: 1, unitMode: false };
  for (const logOffset of [0, rig.store.log.tail, rig.store.log.tail]) {
    assertEquals((await client.ask({ ...formatSendBack({ ...back, logOffset }) })).code, 0);
    await rig.clock.advance(2_000); // it comes back, as what the next one gives back
  }
  assertEquals(await ask("SNDBCK_PUT_NUMS", "T@G"), 3);
  assertEquals(await ask("SNDBCK_PUT_NUMS", "%RETRY%G@G"), 1, "code 1: nothing of it");
});

test("315 does not count what was there before the broker started", async () => {
  const before = await brokerRig();
  await before.client().ask(send());
  await before.close();
  await using rig = await brokerRig({ fs: before.fs });
  for (const statsName of ["TOPIC_PUT_NUMS", "TOPIC_PUT_SIZE"]) {
    const ext = { statsName, statsKey: "T" };
    assertEquals((await rig.client().ask({ code: 315, ext })).code, 1);
  }
});
