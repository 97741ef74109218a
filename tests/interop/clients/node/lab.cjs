"use strict";

const assert = require("node:assert/strict");
const { setTimeout: sleep } = require("node:timers/promises");
const { Consumer, Message, Producer } = require("ali-ons");

/** Long enough for a second delivery to show itself. */
const QUIET_MS = 300;

/** Where a scenario runs: names that are its own, and clients that end with it. */
class Lab {
  constructor(namesrv, run, scenario) {
    Object.assign(this, { namesrv, run, scenario, errors: [], clients: 0, endings: [] });
  }

  async close() {
    for (const end of this.endings.reverse()) await end();
  }

  topic(name) {
    return `${this.run}-${name}`;
  }

  group(name) {
    return `G_${this.run}-${this.scenario}-${name}`;
  }

  /** What every client of a scenario is told; a client of another name has its own connections. */
  #options() {
    return {
      nameSrv: this.namesrv,
      httpclient: {}, // it is for finding name servers
      instanceName: `${this.run}-${this.scenario}-${this.clients++}`,
      clientIP: "127.0.0.1",
      pollNameServerInteval: 1_000, // the client's own spelling
      rebalanceInterval: 1_000, // it does not listen to a broker that says its group changed
      persistConsumerOffsetInterval: 1_000,
      heartbeatBrokerInterval: 1_000, // the first goes to nobody when a topic is made just then
      maxMessageSize: 16 * 1024 * 1024,
      logger: { info() {}, debug() {}, warn() {}, error: (error) => this.#hear(error) },
    };
  }

  #hear(error) {
    this.errors.push(String(error?.message ?? error).slice(0, 300));
  }

  async producer() {
    if (this.made) return this.made;
    this.made = new Producer({ ...this.#options(), producerGroup: `PG_${this.run}` });
    this.made.on("error", (error) => this.#hear(error));
    await this.made.ready();
    this.endings.push(() => this.made.close());
    return this.made;
  }

  /** The client does not have topics made by a send, as others do: it asks the master for one. */
  async createTopic(topic, queues = 4) {
    const client = (await this.producer())._mqClient;
    const template = "TBW102";
    const route = await client.getDefaultTopicRouteInfoFromNameServer(template, 3_000);
    const config = {
      topicName: topic,
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: 6,
      topicFilterType: "SINGLE_TAG",
      topicSysFlag: 0,
      order: false,
    };
    await client.createTopic(route.brokerDatas[0].brokerAddrs[0], template, config, 3_000);
  }

  /** A topic of this run that is there. */
  async newTopic(name) {
    const topic = this.topic(name);
    await this.createTopic(topic);
    return topic;
  }

  /** A consumer of the scenario's group of that name; gives what ends it before the scenario does. */
  async consume(group, topic, expression, handler, more = {}) {
    const options = { ...this.#options(), consumerGroup: this.group(group), ...more };
    const consumer = new Consumer({ consumeFromWhere: "CONSUME_FROM_FIRST_OFFSET", ...options });
    consumer.on("error", (error) => this.#hear(error));
    consumer.subscribe(topic, expression, async (message) => await handler(message));
    await consumer.ready();
    let ended;
    const end = () => ended ??= consumer.close();
    this.endings.push(end);
    return end;
  }

  /** A message that differs from every other of its topic in body, key and property. */
  message(topic, tag, n) {
    const message = tag === undefined
      ? new Message(topic, `body ${n} of ${topic}`)
      : new Message(topic, tag, `body ${n} of ${topic}`);
    message.keys = [`key-${n}`];
    message.properties.number = String(n);
    message.properties.colour = n % 2 === 0 ? "red" : "blue";
    return message;
  }

  /** Sends and wants the full promise: stored, and on the slave where there is one. */
  async send(message) {
    const body = message.body; // the client puts a compressed one in its place
    const result = await (await this.producer()).send(message);
    assert.equal(result.sendStatus, "SEND_OK", `a send to ${message.topic}`);
    return { message, body, result };
  }

  async sendMany(topic, tag, from, to) {
    const sent = [];
    for (let n = from; n < to; n++) sent.push(await this.send(this.message(topic, tag, n)));
    return sent;
  }
}

/** What consumers got, in the order it came. */
class Inbox {
  received = [];

  handler(who) {
    return (message) => void this.received.push({ who, message });
  }

  get size() {
    return this.received.length;
  }

  of(who) {
    const part = new Inbox();
    part.received = this.received.filter((one) => one.who === who);
    return part;
  }

  await(count, withinMs = 10_000) {
    return eventually(
      `${count} messages to arrive`,
      withinMs,
      () => this.size >= count,
      () => this.size,
    );
  }

  /** Each message once, as it was sent, and nothing else. */
  async assertExactlyOnce(sent, withinMs) {
    await this.await(sent.length, withinMs);
    await sleep(QUIET_MS);
    const waiting = new Map(sent.map((one) => [one.message.keys, one]));
    assert.equal(waiting.size, sent.length, "distinct keys of the messages sent");
    for (const { message } of this.received) {
      const one = waiting.get(message.keys);
      assert(one, `${message.keys} came twice, or was not sent here`);
      waiting.delete(message.keys);
      assertIs(message, one);
    }
    assert.equal(waiting.size, 0, "messages that did not arrive");
  }
}

/** What arrived is what was sent, in every part a consumer can see. */
function assertIs(got, { message, body, result }) {
  assert.equal(got.topic, message.topic);
  assert(
    got.body.equals(body),
    `body of ${message.keys} came back as other ${got.body.length} bytes`,
  );
  for (const [key, value] of Object.entries(message.properties)) {
    if (value !== undefined && value !== null) {
      assert.equal(got.properties[key], String(value), `property ${key}`);
    }
  }
  assert.equal(got.properties.CLUSTER, "DefaultCluster");
  assert.equal(got.reconsumeTimes, 0);
  assert.equal(got.msgId, result.msgId);
  assert.equal(got.queueId, Number(result.messageQueue.queueId));
  assert.equal(got.queueOffset, result.queueOffset);
}

async function eventually(what, withinMs, claim, seen = () => "") {
  const end = Date.now() + withinMs;
  while (!await claim()) {
    assert(Date.now() < end, `${what}: not within ${withinMs} ms; last seen ${await seen()}`);
    await sleep(20);
  }
}

module.exports = { assert, eventually, Inbox, Lab, QUIET_MS, sleep };
