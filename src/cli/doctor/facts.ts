import type { ClusterBroker } from "../../admin/cluster.ts";
import type { ConsumerConnections, QueueLag } from "../../admin/groups.ts";
import type { BrokerState } from "../../admin/ha.ts";
import type { TopicRoute } from "../../wire/route.ts";
import type { TopicConfig } from "../../wire/topic.ts";
import type { Cause } from "./causes.ts";

/** Why a node gave no answer. */
export interface Silence {
  /**
   * "refused": nobody listens, or there is no way there; "mute": it accepted and said nothing in time;
   * "foreign": it ended the connection, or said what is no RocketMQ.
   */
  readonly kind: "refused" | "mute" | "foreign";
  readonly reason: string;
}

/** What one name server said. */
export interface NamesrvFacts {
  readonly address: string;
  readonly silence?: Silence;
  /** A broker serves there; the name servers it was told. */
  readonly isBroker?: { readonly namesrvAddr: string };
  readonly tookMs: number;
  readonly brokers: readonly ClusterBroker[];
  readonly topics: readonly string[];
  /** Of the topic that is looked at; undefined when it has none. */
  readonly route?: TopicRoute;
  /** Whether it has the topic from which others are made by sending. */
  readonly hasDefaultTopic: boolean;
  /** Brokers whose own topic has no write permission there. */
  readonly wiped: readonly string[];
}

/** A port beside the one for clients. */
export interface PortFacts {
  readonly address: string;
  readonly isOpen: boolean;
}

/** What one broker said, at an address that a name server gives or a person named. */
export interface BrokerFacts {
  readonly address: string;
  /** As name servers have it; undefined when none has this address. */
  readonly registered?: ClusterBroker;
  /** Name servers that have it. */
  readonly at: readonly string[];
  readonly silence?: Silence;
  /** Undefined when it did not answer. */
  readonly state?: BrokerState;
  /** It answers, and is no broker. */
  readonly isOther?: true;
  /** It answers that it will not, as brokers with access control do. */
  readonly refusal?: string;
  readonly tookMs: number;
  readonly fastPort?: PortFacts;
  readonly haPort?: PortFacts;
  /** A broker of this name that does answer, at the host of a name server. */
  readonly foundAt?: string;
  /** Its clock minus ours; undefined when it does not tell. */
  readonly skewMs?: number;
  /** Where its log ended a moment later. */
  readonly laterMaxOffset?: number;
  /** Settings of the topic that is looked at; undefined when it does not have it, or did not say. */
  readonly topic?: TopicConfig;
}

/** What was learned of one group that reads the topic. */
export interface GroupFacts {
  readonly name: string;
  /** Who is connected; undefined when nobody is. */
  readonly online?: ConsumerConnections;
  readonly lags: readonly QueueLag[];
  readonly deadLetters: number;
  /** Masters that give it nothing: consumeEnable is false there. */
  readonly disabledOn: readonly string[];
  /** What each member reads of the topic, by client id; undefined when it does not read it at all. */
  readonly subscribed: ReadonlyMap<string, string | undefined>;
}

/** All that is judged: gathered before, so that judging asks nobody. */
export interface Facts {
  readonly topic?: string;
  /** Of that one alone, as asked for. */
  readonly cluster?: string;
  /** ms since 1970. */
  readonly now: number;
  readonly namesrvs: readonly NamesrvFacts[];
  readonly brokers: readonly BrokerFacts[];
  readonly groups: readonly GroupFacts[];
  /** What the name servers said while they were watched. */
  readonly watched: readonly ClusterBroker[];
  /** Behind a command to try that asks the name servers: the -n that was given, a space in front. */
  readonly dashN: string;
}

/** One thing that is wrong, or worth knowing. */
export interface Finding {
  /** A note alone is nothing wrong. */
  readonly level: "wrong" | "note";
  /** The same for each thing of its kind, for scripts. */
  readonly cause: Cause;
  /** The node, topic or group. */
  readonly where: string;
  readonly text: string;
  /** What to run or do next. */
  readonly next: readonly string[];
}

/** Judges one theme. */
export type Check = (facts: Facts) => Finding[];

/** A finding that is wrong. */
export function wrong(cause: Cause, where: string, text: string, ...next: string[]): Finding {
  return { level: "wrong", cause, where, text, next };
}

/** A finding that is only worth knowing. */
export function note(cause: Cause, where: string, text: string, ...next: string[]): Finding {
  return { level: "note", cause, where, text, next };
}

/** The name servers that answered as such. */
export function answering({ namesrvs }: Facts): NamesrvFacts[] {
  return namesrvs.filter(({ silence, isBroker }) => !silence && !isBroker);
}

/** Name and id as people write it: broker-a (master), broker-a-1. */
export function nameOf({ registered, state, address }: BrokerFacts): string {
  const name = registered?.name ?? state?.ha.name ?? "";
  const id = registered?.id ?? state?.ha.id ?? 0;
  return name === "" ? address : id === 0 ? name : `${name}-${id}`;
}

/** Whether an answer to the name servers' question is as good as there: this broker is a master. */
export function isMaster({ registered, state }: BrokerFacts): boolean {
  return (registered?.id ?? state?.ha.id) === 0;
}

/** Several, as in a sentence: a, b and c. */
export function listOf(items: readonly string[]): string {
  return items.join(", ").replace(/, ([^,]*)$/, " and $1");
}

/** A name as a shell takes it: topics may have % and | in theirs. */
export function shellWord(name: string): string {
  return /^[A-Za-z0-9_.:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
