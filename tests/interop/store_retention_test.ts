/** A store whose old files our broker removed: Java's broker starts on it, and ours again on what that leaves. */
import { assert, assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RequestCode } from "../../src/wire/codes.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { test } from "../harness.ts";
import { AGING, expireFiles, logFiles } from "../support/aging.ts";
import { sendRequest } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";
import { LONG } from "../support/seeds.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";

const TOPIC = "Aging";
const IDLE = "AgingIdle";
const BODY = "x".repeat(16_000);

test("Java's broker goes on where our retention left a store, and ours after it", async () => {
  await using lab = await StoreLab.start();
  using history = new History([]);
  const folder = lab.folder("store");
  const send = async (topic: string) => {
    const { code, ext } = await history.ask(sendRequest(topic, BODY));
    assertEquals(code, 0);
    return Number(ext.queueOffset);
  };
  const bounds = async (topic: string) => {
    const ext = { topic, queueId: "0" };
    const min = await history.ask({ code: RequestCode.GET_MIN_OFFSET, ext });
    const max = await history.ask({ code: RequestCode.GET_MAX_OFFSET, ext });
    return [Number(min.ext.offset), Number(max.ext.offset)];
  };
  const offsets = async (from: number) => {
    const found: number[] = [];
    for (let offset = from;;) {
      const answer = await history.ask(pullRequest(TOPIC, 0, offset));
      if (answer.code !== 0) return found;
      found.push(...decodeRecords(answer.body).map(({ queueOffset }) => queueOffset));
      offset = Number(answer.ext.nextBeginOffset);
    }
  };

  const ours = lab.broker("ours", "master", "store", AGING);
  await ours.start();
  history.turnTo(ours);
  for (let n = 0; n < 5; n++) assertEquals(await send(IDLE), n);
  let count = 0;
  while (logFiles(folder).length < 7) count = await send(TOPIC) + 1;
  expireFiles(folder, 4);
  await patiently("its files stay", () => logFiles(folder).length === 3);
  await patiently("its queues' files stay", async () => (await bounds(IDLE))[0] === 5);
  const [min] = await bounds(TOPIC);
  assert(min > 40 && Number(readdirSync(join(folder, "consumequeue", TOPIC, "0")).sort()[0]) > 0);
  await ours.end("SIGKILL");
  await lab.verify("store", false);

  let idle = 5;
  for (const by of LONG ? ["java", "ours", "java"] as const : ["java", "ours"] as const) {
    const broker = by === "java" ? lab.broker("java", "master", "store") : ours;
    await broker.start();
    history.turnTo(broker);
    assertEquals(await bounds(TOPIC), [min, count], by);
    assertEquals(await send(IDLE), idle++, "a queue goes on counting whose messages are all gone");
    assertEquals(await send(TOPIC), count++);
    assertEquals(await offsets(min), Array.from({ length: count - min }, (_, i) => min + i), by);
    const early = await history.ask(pullRequest(TOPIC, 0, 1));
    assertEquals([early.code, Number(early.ext.nextBeginOffset)], [21, min]);
    await broker.end("SIGTERM");
    await lab.verify("store", true);
  }
});
