import { countText, durationText } from "../units.ts";
import {
  type Check,
  type Facts,
  type Finding,
  type GroupFacts,
  listOf,
  note,
  shellWord,
  wrong,
} from "./facts.ts";

/** So many messages before a group that reads are more than a moment's. */
const BEHIND_MESSAGES = 1_000;
/** And so is a message that waits for so long. */
const BEHIND_MS = 60_000;

/** Groups that read the topic: is somebody there, and do they keep up. */
export const groupsKeepUp: Check = (facts) => facts.groups.flatMap((group) => lag(group, facts));

function lag({ name, online, lags }: GroupFacts, { topic, now, dashN }: Facts): Finding[] {
  const own = lags.filter((queue) => queue.topic === topic);
  const behind = own.reduce((sum, queue) => sum + Math.max(0, queue.behind), 0);
  const show = `pocketmq group progress ${shellWord(name)}${dashN}`;
  if (online === undefined) {
    if (own.length === 0) return [];
    const text = `nobody is in group "${name}", ${
      countText(behind, "message")
    } of "${topic}" before it`;
    const next = [`pocketmq group connections ${shellWord(name)}${dashN}`, show];
    return [(behind > 0 ? wrong : note)("group-empty", name, text, ...next)];
  }
  if (online.messageModel === "BROADCASTING") return []; // its members keep their own offsets
  const stamps = own.filter((queue) => queue.behind > 0 && queue.lastTimestamp > 0)
    .map((queue) => now - queue.lastTimestamp);
  const oldest = Math.max(0, ...stamps);
  if (behind < BEHIND_MESSAGES && (behind === 0 || oldest < BEHIND_MS)) return [];
  const since = oldest > 0 ? `; what it consumed last was stored ${durationText(oldest)} ago` : "";
  const text = `group "${name}" is ${countText(behind, "message")} of "${topic}" behind${since}`;
  return [
    wrong("group-lags", name, text, show, `pocketmq group connections ${shellWord(name)}${dashN}`),
  ];
}

/** Groups that a broker gives nothing, because somebody said so. */
export const groupsMayConsume: Check = ({ groups }) =>
  groups.filter(({ disabledOn }) => disabledOn.length > 0).map(({ name, disabledOn }) => {
    const text = `group "${name}" gets nothing from ${
      listOf(disabledOn)
    }: its consumeEnable is false there`;
    return wrong(
      "group-disabled",
      name,
      text,
      ...disabledOn.map((at) => `pocketmq group create ${shellWord(name)} --consume yes -b ${at}`),
    );
  });

/** Members of one group must want the same: a broker believes the one who spoke last. */
export const subscriptionsAgree: Check = ({ topic, groups, dashN }) =>
  groups.flatMap(({ name, subscribed }) => {
    const wants = new Map<string, string[]>();
    for (const [client, expression] of subscribed) {
      const what = expression === undefined ? "not at all" : `"${expression}"`;
      wants.set(what, [...wants.get(what) ?? [], client]);
    }
    if (wants.size < 2) return [];
    const each = [...wants].map(([what, clients]) => `${listOf(clients)} ${what}`);
    const text =
      `members of group "${name}" do not want the same of "${topic}": ${
        listOf(each)
      }; some messages are given to ` +
      "nobody. All members of a group must subscribe alike";
    return [
      wrong(
        "subscriptions-differ",
        name,
        text,
        `pocketmq group connections ${shellWord(name)}${dashN}`,
      ),
    ];
  });

/** Of more members than queues some have nothing to do. */
export const membersHaveQueues: Check = ({ topic, groups, namesrvs, dashN }) => {
  const route = namesrvs.find((namesrv) => namesrv.route !== undefined)?.route;
  const queues = (route?.queues ?? []).reduce((sum, { readQueueNums }) => sum + readQueueNums, 0);
  return groups.flatMap(({ name, online }) => {
    const members = online?.connections.length ?? 0;
    const idle = members - queues;
    if (queues === 0 || idle <= 0 || online?.messageModel === "BROADCASTING") return [];
    const text = `group "${name}" has ${countText(members, "member")} and "${topic}" ${
      countText(queues, "queue")
    }: ${idle === 1 ? "one gets" : `${idle} get`} nothing`;
    const more = `pocketmq topic create ${shellWord(topic ?? "")} --queues ${members}${dashN}`;
    return [wrong("members-idle", name, text, more)];
  });
};

/** Messages that a group gave up. */
export const noDeadLetters: Check = ({ groups, dashN }) =>
  groups.filter(({ deadLetters }) => deadLetters > 0).map(({ name, deadLetters }) => {
    const text = `%DLQ%${name} holds ${
      countText(deadLetters, "message")
    }: group "${name}" failed at them until its retries were used up`;
    return wrong(
      "dead-letters",
      name,
      text,
      `pocketmq consume ${shellWord(`%DLQ%${name}`)} --from first${dashN}`,
    );
  });
