/** Every way to send, and what the answer says. */
"use strict";

const { assert, eventually, Inbox } = require("./lab.cjs");

module.exports = {
  /** A SYNC_MASTER whose slave is still on its way answers SLAVE_NOT_AVAILABLE; the scenarios want SEND_OK. */
  async ready(lab) {
    const producer = await lab.producer();
    const topic = await lab.newTopic("ready");
    await eventually("SEND_OK", 45_000, async () => {
      const { sendStatus } = await producer.send(lab.message(topic, "Ready", 0));
      return sendStatus === "SEND_OK";
    });
  },

  async createTopic(lab) {
    const topic = lab.topic("made");
    await assert.rejects(() => lab.send(lab.message(topic, "Never", 0)), { code: 17 });
    await lab.createTopic(topic, 3);
    const queues = new Set();
    for (let n = 1; n < 7; n++) {
      const { result } = await lab.send(lab.message(topic, "Made", n));
      assert.equal(result.messageQueue.brokerName, "broker-a");
      queues.add(Number(result.messageQueue.queueId));
    }
    assert.deepEqual([...queues].sort(), [0, 1, 2]);
  },

  async sendSync(lab) {
    const topic = await lab.newTopic("sync");
    const next = new Map();
    for (let n = 0; n < 40; n++) {
      const { result } = await lab.send(lab.message(topic, "Sync", n));
      const queue = Number(result.messageQueue.queueId);
      assert.equal(result.queueOffset, next.get(queue) ?? 0, `offset in queue ${queue}`);
      assert.match(result.msgId, /^[0-9A-F]{32}$/);
      next.set(queue, result.queueOffset + 1);
    }
    assert.equal(next.size, 4, "queues that 40 sends went to");
  },

  /** Messages of one sharding key are in one queue. */
  async selectQueue(lab) {
    const topic = await lab.newTopic("selected");
    await lab.sendMany(topic, "First", 0, 1);
    for (let key = 0; key < 5; key++) {
      const queues = new Set();
      for (let n = 0; n < 5; n++) {
        const message = lab.message(topic, "Sharded", key * 10 + n);
        message.shardingKey = `order-${key}`;
        queues.add((await lab.send(message)).result.messageQueue.queueId);
      }
      // Of a key that falls on queue 0 the client sends to every queue: it takes 0 for "no queue".
      assert(queues.size === 1 || queues.size === 4, `key ${key} went to queues ${[...queues]}`);
    }
  },

  async largeBodies(lab) {
    const topic = await lab.newTopic("large");
    const sent = [];
    for (const size of [1, 4_095, 4_096, 65_536, 500_000]) {
      const message = lab.message(topic, "Large", size);
      message.body = require("node:crypto").randomBytes(size);
      sent.push(await lab.send(message));
    }
    const box = new Inbox();
    await lab.consume("all", topic, "Large", box.handler("all"));
    await box.assertExactlyOnce(sent);
  },

  /** From 4 KiB on the client compresses; the broker keeps what it got, and says so in the flags. */
  async compressedBodies(lab) {
    const topic = await lab.newTopic("compressed");
    const sent = [];
    for (const size of [4_200, 100_000, 900_000]) {
      const message = lab.message(topic, "Text", size);
      message.body = Buffer.from("pocket ".repeat(size / 7 + 1));
      sent.push(await lab.send(message));
    }
    const box = new Inbox();
    await lab.consume("all", topic, "Text", box.handler("all"));
    await box.assertExactlyOnce(sent);
    for (const { message } of box.received) {
      assert.equal(message.sysFlag & 1, 1, "compression flag");
      assert(message.storeSize < 20_000, `a body takes ${message.storeSize} bytes of the log`);
    }
  },

  async unicode(lab) {
    const topic = await lab.newTopic("unicode");
    const sent = [];
    const texts = [
      "grüße",
      "ключ",
      "鍵と錠",
      "🔑🗝️",
      "مفتاح",
      'line\nbreak\tand "quotes" \\ {json}',
    ];
    for (const [n, text] of texts.entries()) {
      const message = lab.message(topic, `Tag${text.split(/\s/)[0]}`, n);
      message.body = Buffer.from(`body ${text}`);
      message.properties["größe"] = text;
      message.properties["鍵"] = `値=${text}`;
      sent.push(await lab.send(message));
    }
    const box = new Inbox();
    await lab.consume("all", topic, "*", box.handler("all"));
    await box.assertExactlyOnce(sent);
  },
};
