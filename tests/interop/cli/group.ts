/** `pocketmq group` and `pocketmq offset` */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { onBoth } from "./clusters.ts";

const lines = (text: string) => text.trim().split("\n").map((line) => JSON.parse(line));

onBoth(
  "pocketmq group makes, shows and deletes one, and moves it with nobody online",
  async ({ out, fails, ...lab }) => {
    await out("topic create cli-group --queues 1");
    assertEquals(
      await out("group create cli-billing --retries 5"),
      `cli-billing is on ${lab.master}\n`,
    );
    const listed = lines(await out("group list --json"));
    const found = listed.find(({ groupName }) => groupName === "cli-billing");
    assertEquals([found.retryMaxTimes, found.consumeEnable, found.brokers], [5, true, [
      lab.master,
    ]]);
    await out("group create cli-billing --consume no");
    assertMatch(await out("group list"), /\ncli-billing +no +yes +5 +1 /);
    await out("group create cli-billing --consume yes");
    assertEquals(
      await out("group progress cli-billing"),
      'Group "cli-billing" has consumed nothing yet.\n',
    );
    assertStringIncludes(
      await fails(1, "group progress cli-biling"),
      'did you mean "cli-billing"?',
    );

    await out("send cli-group x --count 5");
    assertEquals(
      await out("offset set cli-billing cli-group --to 3"),
      "broker-a queue 0: 0 -> 3\n",
    );
    assertMatch(await out("offset get cli-billing cli-group"), /\nbroker-a +0 +0 +3 +5 +2\n$/);
    assertMatch(
      await out("group progress cli-billing"),
      /\n\ncli-billing is 2 messages behind\.\n$/,
    );
    assertEquals(
      await out("group reset cli-billing cli-group --to first"),
      "broker-a queue 0: 3 -> 0\n",
    );
    assertEquals(
      await out("group reset cli-billing cli-group --to last"),
      "broker-a queue 0: 0 -> 5\n",
    );
    assertEquals(
      await out("group reset cli-billing cli-group --to 1h"),
      "broker-a queue 0: 5 -> 0\n",
    );
    assertEquals(
      await out("group reset cli-billing cli-group --to 4"),
      "broker-a queue 0: 0 -> 4\n",
    );
    assertStringIncludes(await fails(1, "group reset cli-billing cli-grop --to 4"), '"cli-group"?');
    assertStringIncludes(
      await fails(1, "group reset cli-biling cli-group --to 4"),
      '"cli-billing"?',
    );
    assertStringIncludes(await fails(2, "group reset cli-billing cli-group"), "needs --to");

    assertMatch(await fails(3, "group connections cli-billing"), /^$/);
    const gone = await out("group delete cli-billing --offsets");
    assertEquals(gone, `cli-billing is deleted on ${lab.master}\n`);
    await fails(1, "group delete cli-billing");
  },
);

onBoth(
  "pocketmq group shows who is online, and has members go on elsewhere",
  async ({ out, fails, ...lab }) => {
    await out("topic create cli-online --queues 1");
    await out("send cli-online x --count 5");
    await out("group create cli-online-readers");
    await out("offset set cli-online-readers cli-online --to first"); // else it is kept seconds later
    const seen: number[] = [];
    await using consumer = lab.client().consumer({
      group: "cli-online-readers",
      topics: [{ topic: "cli-online" }],
      from: "first",
    });
    const reading = (async () => {
      for await (const message of consumer.messages) {
        seen.push(message.queueOffset);
        consumer.ack();
      }
    })();
    while (seen.length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    const [member] = lines(await out("group connections cli-online-readers --json"));
    assertEquals([member.clientId, member.topics.includes("cli-online")], [lab.client().id, true]);
    assertStringIncludes(
      await fails(4, "offset set cli-online-readers cli-online --to first"),
      lab.client().id,
    );
    const entry = await fails(4, "group reset cli-online-readers cli-online --to 2");
    assertStringIncludes(entry, "or go on at a time, first or last");
    assertEquals(
      await out("group reset cli-online-readers cli-online --to first"),
      "broker-a queue 0: -> 0, its members are told\n",
    );
    await consumer.close();
    await reading;
  },
);
