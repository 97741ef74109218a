import { groupOnline, groupProgress, groupsOn } from "../../admin/groups.ts";
import type { ConsumerConnections } from "../../admin/groups.ts";
import { groupsOfTopic } from "../../admin/topic_tables.ts";
import { topicStats } from "../../admin/topics.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { formatRunningInfoQuery } from "../../wire/consumer_ask.ts";
import { parseRunningInfo } from "../../wire/running_info.ts";
import { type Asking, ifTold } from "./asking.ts";
import type { GroupFacts } from "./facts.ts";

const ANSWER_MS = 3_000;
/** Each is asked through its broker; of so many, differing ones are among the first. */
const MEMBERS_MAX = 64;

/** Each group that reads the topic, or has been somewhere in it; by name. */
export async function lookAtGroups(
  asking: Asking,
  masters: readonly string[],
  topic: string,
): Promise<GroupFacts[]> {
  const each = await Promise.all(
    masters.map((address) => ifTold(groupsOfTopic(asking, address, topic))),
  );
  const names = [...new Set(each.flatMap((found) => found ?? []))].sort();
  return await Promise.all(names.map((name) => lookAtGroup(asking, masters, topic, name)));
}

async function lookAtGroup(
  asking: Asking,
  masters: readonly string[],
  topic: string,
  name: string,
): Promise<GroupFacts> {
  const all = await Promise.all(masters.map(async (address) => {
    const [online, lags, dead, groups] = await Promise.all([
      ifTold(groupOnline(asking, address, name)),
      ifTold(groupProgress(asking, address, name, topic)),
      ifTold(topicStats(asking, address, `%DLQ%${name}`)),
      ifTold(groupsOn(asking, address)),
    ]);
    const isOff = groups?.get(name)?.consumeEnable === false;
    return { address, online, lags: lags ?? [], dead: dead ?? [], isOff };
  }));
  const online = merged(all.flatMap((one) => one.online ?? []));
  const deadLetters = all.flatMap(({ dead }) => dead)
    .reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0);
  const first = all.find((one) => one.online !== undefined);
  const subscribed = first === undefined
    ? new Map<string, string | undefined>()
    : await subscriptionsOf(asking, first.address, name, topic, first.online!);
  const lags = all.flatMap((one) => one.lags);
  const disabledOn = all.filter(({ isOff }) => isOff).map(({ address }) => address);
  return { name, online, lags, deadLetters, disabledOn, subscribed };
}

/** A member is connected to several brokers. */
function merged(each: readonly ConsumerConnections[]): ConsumerConnections | undefined {
  if (each.length === 0) return undefined;
  const members = each.flatMap(({ connections }) => connections);
  const byId = new Map(members.map((member) => [member.clientId, member]));
  return { ...each[0], connections: [...byId.values()] };
}

/** What each member says that it reads of the topic; those that do not say are left out. */
async function subscriptionsOf(
  { calls }: Asking,
  address: string,
  group: string,
  topic: string,
  { connections }: ConsumerConnections,
): Promise<Map<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  const members = [...new Set(connections.map(({ clientId }) => clientId))].slice(0, MEMBERS_MAX);
  await Promise.all(members.map((clientId) =>
    ifTold(
      calls.call(address, formatRunningInfoQuery({ group, clientId, withStacks: false }), ANSWER_MS)
        .then(({ code, body }) => {
          if (code === ResponseCode.SUCCESS) found.set(clientId, expressionFor(topic, body));
        }),
    )
  ));
  return found;
}

function expressionFor(topic: string, body: Uint8Array): string | undefined {
  const { subscriptions } = parseRunningInfo(body);
  return subscriptions.find((one) => one.topic === topic)?.subString;
}
