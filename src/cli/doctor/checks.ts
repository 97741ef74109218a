import { brokersAnswer, portsOpen } from "./address_checks.ts";
import {
  brokersKeepUp,
  brokersMayBeUsed,
  clocksAgree,
  disksHaveRoom,
  groupsAreWhole,
  versionsFit,
} from "./broker_checks.ts";
import type { Cause } from "./causes.ts";
import type { Check, Facts, Finding } from "./facts.ts";
import {
  groupsKeepUp,
  groupsMayConsume,
  membersHaveQueues,
  noDeadLetters,
  subscriptionsAgree,
} from "./group_checks.ts";
import {
  namedIsRegistered,
  namesrvsAgree,
  namesrvsServe,
  oneBrokerAName,
  someBroker,
  topicsAgree,
} from "./namesrv_checks.ts";
import { replicationByOffsets, replicationTold, syncMasterHasSlave } from "./replication_checks.ts";
import { topicIsRouted, topicMayBeUsed } from "./topic_checks.ts";

/** Every check; what may be the cause of another comes first. */
const checks: readonly Check[] = [
  namesrvsServe,
  someBroker,
  namesrvsAgree,
  oneBrokerAName,
  namedIsRegistered,
  brokersAnswer,
  portsOpen,
  groupsAreWhole,
  disksHaveRoom,
  brokersMayBeUsed,
  brokersKeepUp,
  clocksAgree,
  versionsFit,
  replicationTold,
  replicationByOffsets,
  syncMasterHasSlave,
  topicIsRouted,
  topicMayBeUsed,
  topicsAgree,
  groupsMayConsume,
  groupsKeepUp,
  subscriptionsAgree,
  membersHaveQueues,
  noDeadLetters,
];

/** What a cluster that is just changing may show for a moment. */
const PASSING: ReadonlySet<Cause> = new Set<Cause>([
  "broker-missing-at-namesrv",
  "no-broker",
  "no-master",
  "slave-behind",
  "too-few-slaves",
  "topic-not-registered",
  "topics-differ",
  "two-brokers-one-name",
]);

/** Whether a second look may find some of it gone. */
export function mayPass(findings: readonly Finding[]): boolean {
  return findings.some(({ cause }) => PASSING.has(cause));
}

/** All that is wrong, then what is worth knowing. Pure: it asks nobody. */
export function diagnose(facts: Facts): Finding[] {
  const found = checks.flatMap((check) => check(facts));
  return [
    ...found.filter(({ level }) => level === "wrong"),
    ...found.filter(({ level }) => level === "note"),
  ];
}
