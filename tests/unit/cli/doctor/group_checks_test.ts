import { checkCases } from "./cases.ts";
import { group, lag } from "./scene.ts";

const member = (clientId: string) => ({ clientAddr: "h:1", clientId, language: "GO", version: 1 });

checkCases([
  {
    name: "a group that is switched off",
    facts: { groups: [group({ disabledOn: ["h:1"] })] },
    cause: "group-disabled",
    says: 'group "g" gets nothing from h:1: its consumeEnable is false there',
  },
  {
    name: "a group with nobody in it",
    facts: { groups: [group({ online: undefined, lags: [lag], subscribed: new Map() })] },
    cause: "group-empty",
    says: 'nobody is in group "g", 10 messages of "T" before it',
  },
  {
    name: "a group that lags by messages",
    facts: { groups: [group({ lags: [{ ...lag, behind: 5000 }] })] },
    cause: "group-lags",
    says: 'group "g" is 5000 messages of "T" behind',
  },
  {
    name: "a group that lags by time",
    facts: { groups: [group({ lags: [{ ...lag, behind: 2, lastTimestamp: 880_000 }] })] },
    cause: "group-lags",
    says: "what it consumed last was stored 2 min ago",
  },
  {
    name: "members that want different things",
    facts: {
      groups: [group({ subscribed: new Map([["c1", "A"], ["c2", "B"], ["c3", undefined]]) })],
    },
    cause: "subscriptions-differ",
    says: 'c1 "A", c2 "B" and c3 not at all',
  },
  {
    name: "more members than queues",
    facts: {
      groups: [
        group({
          online: {
            ...group().online!,
            connections: ["1", "2", "3", "4", "5", "6"].map(member),
          },
        }),
      ],
    },
    cause: "members-idle",
    says: 'group "g" has 6 members and "T" 4 queues: 2 get nothing',
  },
  {
    name: "dead letters",
    facts: { groups: [group({ deadLetters: 3 })] },
    cause: "dead-letters",
    says: "%DLQ%g holds 3 messages",
    next: "pocketmq consume '%DLQ%g' --from first -n 'x'",
  },
]);
