import { assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "../../../src/base/bytes.ts";
import { RequestCode } from "../../../src/wire/codes.ts";
import { type GroupConfig, parseGroupTable, plainGroup } from "../../../src/wire/group.ts";
import {
  formatOffsetCommit,
  formatOffsetQuery,
  parseOffsetAnswer,
  parseOffsetTable,
} from "../../../src/wire/offset.ts";
import { parseTopicTable, type TopicConfig } from "../../../src/wire/topic.ts";
import { patiently } from "../../support/patience.ts";
import type { History } from "./history.ts";

const GROUP = "Readers";

/** Topics, groups and consumer offsets that one broker after another was told, and must serve. */
export class Settings {
  readonly #topics = new Map<string, TopicConfig>();
  readonly #groups = new Map<string, GroupConfig>();
  readonly #offsets = new Map<string, number>(); // by topic, in its queue 0

  /** Makes a topic and a group of that number, changes those before, and moves the group of each topic. */
  async change(history: History, turn: number, topics: readonly string[]) {
    for (let n = 0; n <= turn; n++) {
      const topic: TopicConfig = {
        topicName: `Made${n}`,
        readQueueNums: turn + 2,
        writeQueueNums: turn + 1,
        perm: turn % 2 === 0 ? 6 : 4,
        topicFilterType: "SINGLE_TAG",
        topicSysFlag: 0,
        order: false, // Java takes it from its name servers, at each registration
      };
      const { topicName, ...fields } = topic;
      const texts = Object.entries(fields).map(([key, value]) => [key, String(value)]);
      const ext = { topic: topicName, defaultTopic: "TBW102", ...Object.fromEntries(texts) };
      assertEquals((await history.ask({ code: RequestCode.UPDATE_AND_CREATE_TOPIC, ext })).code, 0);
      this.#topics.set(topicName, topic);

      const group = { ...plainGroup(`Group${n}`), retryMaxTimes: turn + 3, consumeEnable: n > 0 };
      const code = RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP;
      assertEquals((await history.ask({ code, body: utf8(JSON.stringify(group)) })).code, 0);
      this.#groups.set(group.groupName, group);
    }
    for (const topic of topics) {
      const offset = (this.#offsets.get(topic) ?? 0) + 2;
      assertEquals((await history.ask(formatOffsetCommit(placeIn(topic), offset))).code, 0);
      this.#offsets.set(topic, offset);
    }
  }

  async mustBeServed(history: History): Promise<void> {
    const topics = parseTopicTable(
      (await history.ask({ code: RequestCode.GET_ALL_TOPIC_CONFIG })).body,
    );
    for (const [name, topic] of this.#topics) assertEquals(topics.topics.get(name), topic);
    const code = RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG;
    const groups = parseGroupTable((await history.ask({ code })).body);
    for (const [name, group] of this.#groups) assertEquals(groups.groups.get(name), group);
    for (const [topic, offset] of this.#offsets) {
      const answer = await history.ask(formatOffsetQuery(placeIn(topic)));
      assertEquals([answer.code, parseOffsetAnswer(answer)], [0, offset], topic);
    }
  }

  /** Waits until the offsets are in their file: they get there a little later than they are answered. */
  saved(store: string): Promise<void> {
    const file = join(store, "config/consumerOffset.json");
    return patiently("the offsets are not saved", () => {
      if (!existsSync(file)) return false;
      const table = parseOffsetTable(readFileSync(file, "utf8"));
      return [...this.#offsets].every(([topic, offset]) =>
        table.get(`${topic}@${GROUP}`)?.get(0) === offset
      );
    });
  }
}

function placeIn(topic: string) {
  return { consumerGroup: GROUP, topic, queueId: 0 };
}
