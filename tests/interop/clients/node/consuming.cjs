/** What consumers get, alone and as a group. */
"use strict";

const { assert, eventually, Inbox, QUIET_MS, sleep } = require("./lab.cjs");

module.exports = {
  async consumeAll(lab) {
    const topic = await lab.newTopic("everything");
    const sent = await lab.sendMany(topic, "Sync", 0, 100);
    sent.push(...await lab.sendMany(topic, undefined, 100, 120));
    sent.push(
      ...await Promise.all(
        Array.from({ length: 50 }, (_, n) => lab.send(lab.message(topic, "Together", 200 + n))),
      ),
    );
    const box = new Inbox();
    await lab.consume("all", topic, "*", box.handler("all"), { parallelConsumeLimit: 8 });
    await box.assertExactlyOnce(sent);
  },

  async tagFilter(lab) {
    const topic = await lab.newTopic("tags");
    const sent = [];
    // "Aa" and "BB" have one hash code: the broker cannot tell them apart, the client must.
    const tags = ["TagA", "TagB", "TagC", "Aa", "BB"];
    for (let n = 0; n < 100; n++) {
      sent.push(await lab.send(lab.message(topic, tags[n % tags.length], n)));
    }
    const boxes = { "TagA || TagB": new Inbox(), Aa: new Inbox(), "*": new Inbox() };
    const groups = Object.keys(boxes);
    for (const [i, tags] of groups.entries()) {
      await lab.consume(`g${i}`, topic, tags, boxes[tags].handler(tags));
    }
    for (const [wanted, box] of Object.entries(boxes)) {
      const its = wanted.split(" || ");
      await box.assertExactlyOnce(
        sent.filter(({ message }) => wanted === "*" || its.includes(message.tags)),
      );
    }
    // A filter that turned everything away must still be woken by the next message it wants.
    const before = boxes[groups[0]].size;
    await lab.send(lab.message(topic, "TagB", 1000));
    await boxes[groups[0]].await(before + 1, 3_000);
  },

  /** A pull that waits on the broker is answered when a message comes, not at its time-out. */
  async newMessagesAtOnce(lab) {
    const topic = await lab.newTopic("atOnce");
    await lab.sendMany(topic, "Now", 0, 1);
    const box = new Inbox();
    await lab.consume("waiting", topic, "*", box.handler("waiting"));
    await box.await(1);
    let withinMs = 10_000; // a queue's first pull is put off by seconds when it fails
    for (let n = 1; n <= 24; n++) {
      if (n === 5) {
        await sleep(1_000); // now all four queues are waited on
        withinMs = 1_000;
      }
      await lab.send(lab.message(topic, "Now", n));
      await box.await(n + 1, withinMs);
    }
  },

  async broadcast(lab) {
    const topic = await lab.newTopic("broadcast");
    const sent = await lab.sendMany(topic, "Before", 0, 20);
    const box = new Inbox();
    for (const who of ["one", "two"]) {
      await lab.consume("both", topic, "*", box.handler(who), { isBroadcast: true });
    }
    await box.await(40);
    sent.push(...await lab.sendMany(topic, "After", 20, 40));
    await box.await(80);
    for (const who of ["one", "two"]) await box.of(who).assertExactlyOnce(sent);
  },

  /** A group nobody knew starts at 0 while the topic's first messages are still in memory, whatever it asks for. */
  async newGroupOnYoungTopic(lab) {
    const topic = await lab.newTopic("young");
    const sent = await lab.sendMany(topic, "Young", 0, 20);
    const box = new Inbox();
    const more = { consumeFromWhere: "CONSUME_FROM_LAST_OFFSET" };
    await lab.consume("late", topic, "*", box.handler("late"), more);
    await box.assertExactlyOnce(sent);
  },

  async twoConsumersShare(lab) {
    const topic = await lab.newTopic("shared");
    await lab.sendMany(topic, "First", 0, 1);
    const box = new Inbox();
    await lab.consume("members", topic, "*", box.handler("one"));
    await box.await(1);
    const endTwo = await lab.consume("members", topic, "*", box.handler("two"));
    let next = 1;
    await eventually("both to get messages", 15_000, async () => {
      await lab.sendMany(topic, "Probe", next, next + 4);
      next += 4;
      await sleep(200);
      return box.of("one").size > 0 && box.of("two").size > 0;
    });
    await sleep(2_500); // a queue that was let go has a pull waiting yet; the other side takes it at its next round
    const had = { one: box.of("one").size, two: box.of("two").size };
    await lab.sendMany(topic, "Shared", 1_000, 1_100);
    const all = () => new Set(box.received.map(({ message }) => message.keys)).size;
    await eventually("100 more", 10_000, () => all() === next + 100, all);
    await sleep(QUIET_MS);
    for (const [who, before] of Object.entries(had)) {
      assert(box.of(who).size - before >= 50, `${who} got ${box.of(who).size - before} of 100`);
    }
    await endTwo();
    await lab.sendMany(topic, "Alone", 2_000, 2_100);
    await eventually("all the others", 15_000, () => all() === next + 200, all);
  },

  async offsetsSurviveRestart(lab) {
    const topic = await lab.newTopic("restarted");
    const before = await lab.sendMany(topic, "Before", 0, 60);
    const first = new Inbox();
    const end = await lab.consume("members", topic, "*", first.handler("first"));
    await first.assertExactlyOnce(before);
    await end();
    const between = await lab.sendMany(topic, "Between", 60, 120);
    const second = new Inbox();
    await lab.consume("members", topic, "*", second.handler("second"));
    await second.assertExactlyOnce(between);
  },
};
