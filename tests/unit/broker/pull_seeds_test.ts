import { assert, assertEquals } from "@std/assert";
import { decodeRecords } from "../../../src/wire/message.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, pull, type RigClient, send } from "../../support/broker_rig.ts";
import type { VirtualClock } from "../../support/clock.ts";
import { everySeed, type Random } from "../../support/seeds.ts";

/** A consumer as clients are: it goes on where each answer says, and has one pull under way. */
class Follower {
  readonly got: string[] = [];
  readonly tags: string;
  readonly #client: RigClient;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  #offset = 0;
  #waits = false;

  constructor(rig: BrokerRig, host: string, tags: string, random: Random) {
    this.#client = rig.client(host);
    this.#clock = rig.clock;
    this.tags = tags;
    this.#random = random;
  }

  /** Takes what came and asks again, until it is left waiting. */
  async follow(): Promise<void> {
    for (let i = 0; i < 300; i++) {
      for (const answer of this.#client.far.commands()) {
        this.#waits = false;
        assert([0, 19, 20].includes(answer.code), `${answer.code} ${answer.remark}`);
        const next = Number(answer.ext.nextBeginOffset);
        assert(next >= this.#offset, "a consumer never goes back");
        this.#offset = next;
        const texts = decodeRecords(answer.body).map(({ body }) => new TextDecoder().decode(body));
        this.got.push(...texts.filter((text) => this.wants(text)));
        assertEquals(texts.every((text) => this.wants(text)), true);
      }
      if (this.#waits) return;
      this.#waits = true;
      const request = pull({
        consumerGroup: `C${this.tags}`,
        subscription: this.tags,
        queueOffset: String(this.#offset),
        maxMsgNums: String(this.#random.between(1, 40)),
        sysFlag: "6",
        suspendTimeoutMillis: String(this.#random.pick([0, 700, 15_000])),
      });
      this.#client.far.send({ opaque: i, ...request });
      await this.#clock.settle();
    }
  }

  wants(text: string): boolean {
    return this.tags === "*" || this.tags.split("||").includes(text[0]);
  }
}

async function followAll(random: Random): Promise<void> {
  await using rig = await brokerRig({
    flags: {
      maxTransferBytesOnMessageInMemory: String(random.between(1, 5000)),
      maxTransferCountOnMessageInMemory: String(random.between(1, 40)),
    },
  });
  const producer = rig.client("10.0.0.50");
  const followers = ["*", "x", "y||z", "none"].map((tags, i) =>
    new Follower(rig, `10.0.1.${i + 1}`, tags, random)
  );
  const sent: string[] = [];
  await producer.ask(send({}, "x0")); // without a tag
  sent.push("x0");
  for (let round = 0; round < 30; round++) {
    const texts = Array.from(
      { length: random.pick([0, 1, 3, 60]) },
      () => `${random.pick(["x", "y", "z"])}${sent.length + random.below(1000)}`,
    );
    if (texts.length > 0) {
      await producer.askAll(
        ...texts.map((text) => send({ properties: `TAGS\x01${text[0]}` }, text)),
      );
    }
    sent.push(...texts);
    if (random.below(2) === 0) await rig.clock.advance(random.pick([1, 600, 16_000]));
    for (const follower of followers) if (random.below(3) > 0) await follower.follow();
  }
  for (let i = 0; i < 5; i++) {
    for (const follower of followers) await follower.follow();
    await rig.clock.advance(16_000);
  }
  for (const follower of followers) {
    const wanted = sent.slice(follower.tags === "*" ? 0 : 1).filter((text) => follower.wants(text));
    assertEquals(follower.got, wanted, follower.tags);
  }
  assertEquals(rig.log.lines, []);
}

test("whatever consumers filter and however they wait, each gets its messages once, in order", () =>
  everySeed(8, followAll));
