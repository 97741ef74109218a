/** What comes later, or again. The broker's messageDelayLevel is "1s 2s 1s 1s 1s". */
"use strict";

const { assert, Inbox, QUIET_MS, sleep } = require("./lab.cjs");

module.exports = {
  async delayed(lab) {
    const topic = await lab.newTopic("delayed");
    const box = new Inbox();
    await lab.consume("all", topic, "Later", box.handler("all"));
    const levels = [1, 2, 5, 1, 2];
    for (const [n, level] of levels.entries()) {
      const message = lab.message(topic, "Later", n);
      message.delayTimeLevel = level;
      await lab.send(message);
    }
    await box.await(levels.length, 15_000);
    await sleep(QUIET_MS);
    assert.equal(box.size, levels.length, "messages that came");
    for (const { message } of box.received) {
      const level = levels[Number(message.properties.number)];
      const waits = level === 2 ? 2_000 : 1_000;
      const waited = message.storeTimestamp - message.bornTimestamp;
      assert(
        waited >= waits - 50 && waited < waits + 5_000,
        `one of level ${level} waited ${waited} ms`,
      );
    }
  },

  /** Failing 3 times, a message comes 3 times, then lies once in the dead letters, known by what it was. */
  async retryToDeadLetters(lab) {
    const topic = await lab.newTopic("retryDead");
    const { result } = await lab.send(lab.message(topic, "Fails", 1));
    const box = new Inbox();
    await lab.consume("fails", topic, "Fails", (message) => {
      // The client counts on in the message that its handler got.
      box.received.push({
        who: "fails",
        message: { ...message, properties: { ...message.properties } },
      });
      throw new Error("it fails");
    }, { maxReconsumeTimes: 2 });
    await box.await(3, 25_000);
    const dead = new Inbox();
    await lab.consume("dead", `%DLQ%${lab.group("fails")}`, "*", dead.handler("dead"));
    await dead.await(1, 25_000);
    await sleep(QUIET_MS);
    assert.equal(dead.size, 1, "dead letters");
    assert.equal(dead.received[0].message.reconsumeTimes, 3, "failures of the dead letter");
    assert.equal(dead.received[0].message.properties.RETRY_TOPIC, topic, "its first topic");
    assert.deepEqual(box.received.map(({ message }) => message.reconsumeTimes), [0, 1, 2]);
    for (const { message } of box.received.slice(1)) {
      assert.equal(message.properties.ORIGIN_MESSAGE_ID, result.msgId, "where it was first");
    }
  },

  async sqlFilter(lab) {
    const topic = await lab.newTopic("sql");
    const sent = await lab.sendMany(topic, "Sql", 0, 40);
    const wanted = sent.filter((_, n) => n > 9 && n % 2 === 0);
    const box = new Inbox();
    const expression = { expressionType: "SQL92", subString: "number > 9 AND colour = 'red'" };
    await lab.consume("sql", topic, expression, box.handler("sql"));
    await box.assertExactlyOnce(wanted);
    const late = await lab.sendMany(topic, "Sql", 40, 44);
    await box.assertExactlyOnce([...wanted, late[0], late[2]], 3_000);
  },
};
