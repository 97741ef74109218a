import { assertEquals, assertThrows } from "@std/assert";
import {
  groupsText,
  memberRows,
  membersText,
  progressText,
} from "../../../../src/cli/admin/group.ts";
import { mustBeKnown } from "../../../../src/cli/admin/group_rows.ts";
import { statusText } from "../../../../src/cli/admin/topic.ts";
import { AnswerError } from "../../../../src/client/errors.ts";
import type { ConsumerConnections } from "../../../../src/wire/connections.ts";
import { plainGroup } from "../../../../src/wire/group.ts";
import { test } from "../../../harness.ts";

const groups = ["CID_RMQ_SYS_TRANS", "billing"].map((name) => ({
  ...plainGroup(name),
  brokers: ["h:1", "h:2"],
}));

test("group list shows settings", () => {
  assertEquals(
    groupsText(groups.slice(1)),
    "GROUP    CONSUMES  BROADCAST  RETRIES  RETRY QUEUES  BROKERS\n" +
      "billing  yes       yes        16       1             h:1,h:2\n",
  );
});

test("a misspelt group names the one that may be meant", () => {
  mustBeKnown("billing", groups);
  const error = assertThrows(() => mustBeKnown("biling", groups), AnswerError);
  assertEquals(error.message, 'No broker has group "biling", did you mean "billing"?');
});

const queue = { brokerName: "a", queueId: 0, topic: "T" };

test("group progress adds up what is before the group", () => {
  const row = { ...queue, brokerOffset: 9, consumerOffset: 4, lastTimestamp: 0, behind: 5 };
  assertEquals(
    progressText("billing", [row, { ...row, queueId: 1, lastTimestamp: 1 }]),
    "TOPIC  BROKER  QUEUE  END  POSITION  BEHIND  LAST CONSUMED WAS STORED\n" +
      "T      a       0      9    4         5       -\n" +
      "T      a       1      9    4         5       1970-01-01T00:00:00.001Z\n\n" +
      "billing is 10 messages behind.\n",
  );
  assertEquals(progressText("billing", []), 'Group "billing" has consumed nothing yet.\n');
});

test("topic status adds up what the queues hold", () => {
  assertEquals(
    statusText("T", [{ ...queue, minOffset: 2, maxOffset: 3, lastUpdateTimestamp: 0 }]),
    "BROKER  QUEUE  FIRST  END  MESSAGES  LAST STORED\n" +
      "a       0      2      3    1         -\n\nT holds 1 message.\n",
  );
});

test("group connections shows a member once, on however many brokers it is", () => {
  const online: ConsumerConnections = {
    connections: [{ clientAddr: "h:5", clientId: "c", language: "JAVA", version: 407 }],
    consumeFromWhere: "",
    consumeType: "",
    messageModel: "CLUSTERING",
    subscriptions: new Map(),
  };
  const rows = memberRows([
    { broker: "h:1", online },
    { broker: "h:2", online },
    { broker: "h:3", online: undefined },
  ]);
  assertEquals(rows.map(({ clientId, brokers }) => [clientId, brokers]), [["c", ["h:1", "h:2"]]]);
  assertEquals(
    membersText("g", rows),
    "CLIENT  ADDRESS  LANGUAGE  VERSION  MODEL       TOPICS\n" +
      "c       h:5      JAVA      407      CLUSTERING\n",
  );
  assertEquals(membersText("g", []), 'Nobody of group "g" is online.\n');
});
