import { assertEquals } from "@std/assert";
import type { Command } from "../../src/wire/command.ts";
import { formatHeartbeat } from "../../src/wire/heartbeat.ts";
import type { BrokerRig, RigClient } from "./broker_rig.ts";
import type { CommandFields } from "./far_end.ts";

/** A member of consumer group G, known to the broker by its heartbeat. */
export async function memberOf(
  rig: BrokerRig,
  clientId: string,
  language = "JAVA",
): Promise<RigClient> {
  const member = rig.client("10.0.0.7", 5000);
  const beat = formatHeartbeat({
    clientId,
    producerGroups: [],
    consumers: [{
      groupName: "G",
      consumeType: "CONSUME_PASSIVELY",
      messageModel: "CLUSTERING",
      consumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
      unitMode: false,
      subscriptions: [],
    }],
  });
  assertEquals((await member.ask({ code: beat.code, body: beat.body, language })).code, 0);
  return member;
}

/** The requests, not answers, that came to a client since the last look. */
export async function heardBy(rig: BrokerRig, client: RigClient, code: number): Promise<Command[]> {
  await rig.clock.settle();
  return client.far.commands().filter((command) =>
    command.code === code && (command.flag & 1) === 0
  );
}

/** Has one client ask what the broker hands on to a member, which answers so; gives what was handed on, too. */
export async function handedOn(
  rig: BrokerRig,
  asker: RigClient,
  request: CommandFields & { code: number },
  member: RigClient,
  answer: CommandFields,
  code = request.code,
): Promise<{ asked: Command; answered: Command }> {
  assertEquals(await asker.askAll(request), [], "not before the member said something");
  const [asked] = await heardBy(rig, member, code);
  member.far.answer(asked, answer);
  await rig.clock.settle();
  const [answered] = asker.far.commands();
  return { asked, answered };
}
