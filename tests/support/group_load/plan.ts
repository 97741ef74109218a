/** Who reads what: 200 consumers in 50 groups on 100 topics with 1,000 queues. Each topic has two groups. */
export const GROUPS = 50;
export const MEMBERS_A_GROUP = 4;
export const TOPICS = 100;
export const QUEUES_A_TOPIC = 10;
const TOPICS_A_GROUP = 4;

export function groupName(group: number): string {
  return `LoadGroup${group}`;
}

export function topicName(topic: number): string {
  return `Load${topic}`;
}

/** Numbers of the topics that a group reads. */
export function topicsOf(group: number): number[] {
  return Array.from({ length: TOPICS_A_GROUP }, (_, i) => (2 * group + i) % TOPICS);
}

/** Groups of the members that one of several processes runs: all groups have some in each. */
export function groupsIn(process: number, processes: number): number[] {
  const all = Array.from({ length: GROUPS * MEMBERS_A_GROUP }, (_, i) => i);
  return all.filter((i) => i % processes === process).map((i) => Math.floor(i / MEMBERS_A_GROUP));
}

/** One delivery, as a line of a member's ledger. */
export interface Delivery {
  readonly group: string;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  /** What was sent: the number of the message. */
  readonly body: string;
}

export function formatDelivery(delivery: Delivery): string {
  const { group, topic, queueId, queueOffset, body } = delivery;
  return `${group} ${topic} ${queueId} ${queueOffset} ${body}\n`;
}

export function parseDelivery(line: string): Delivery {
  const [group, topic, queueId, queueOffset, body] = line.split(" ");
  return { group, topic, queueId: Number(queueId), queueOffset: Number(queueOffset), body };
}
