/**
 * A process with members of all groups, by our client library. What a member is given stands in the ledger, a
 * file, before it counts as handled, so a process that is killed loses nothing of it. Every so often a member
 * leaves and another one comes. Ends well when its input says so.
 */
import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { type Client, connect } from "../../../src/client/client.ts";
import { sleep } from "../../../src/base/together.ts";
import { runtime } from "../runtime.ts";
import { formatDelivery, groupName, groupsIn, topicName, topicsOf } from "./plan.ts";

const [namesrvAddr, path, index, processes, stormMs] = process.argv.slice(2);
const ledger = openSync(path, "a");
const text = new TextDecoder();
const stop = new AbortController();

interface Member {
  readonly group: number;
  readonly client: Client;
  readonly reading: Promise<void>;
}

function join(group: number): Member {
  const client = connect(runtime, { namesrvAddr });
  const topics = topicsOf(group).map((topic) => ({ topic: topicName(topic) }));
  const consumer = client.consumer({ group: groupName(group), topics, from: "first" });
  const read = async () => {
    for await (const { topic, queueId, queueOffset, body } of consumer.messages) {
      const delivery = {
        group: consumer.group,
        topic,
        queueId,
        queueOffset,
        body: text.decode(body),
      };
      writeSync(ledger, formatDelivery(delivery));
    }
  };
  return { group, client, reading: read() };
}

async function leave({ client, reading }: Member): Promise<void> {
  await client.close();
  await reading;
}

const members = groupsIn(Number(index), Number(processes)).map(join);
process.stdin.on("data", () => stop.abort());
process.stdin.on("end", () => process.exit(0)); // whoever started it is gone
process.stdout.write("up\n");
while (!stop.signal.aborted) {
  await sleep(runtime.clock, Number(stormMs), stop.signal);
  if (stop.signal.aborted) break;
  const at = Math.floor(Math.random() * members.length);
  const [member] = members.splice(at, 1);
  await leave(member);
  members.push(join(member.group));
}
await Promise.all(members.map(leave));
process.exit(0);
