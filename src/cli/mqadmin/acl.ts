import { Exit } from "../exit.ts";
import {
  BROKER,
  CLUSTER,
  type MqadminCommand,
  mqadminCommand,
  type MqadminFlag,
} from "./command.ts";

const WHY = "access control lists are not built yet";

const TARGET = { brokerAddr: BROKER, clusterName: CLUSTER } as const;
const ACCESS_KEY = {
  kind: "text",
  letter: "a",
  required: true,
  meaning: "the account's access key",
} as const;

/** Listed, so that nobody looks for them in vain. */
export const acl: Readonly<Record<string, MqadminCommand>> = {
  updateAclConfig: missing("Change an account of a broker's access control list", {
    ...TARGET,
    accessKey: ACCESS_KEY,
    secretKey: { kind: "text", letter: "s", required: true, meaning: "its secret key" },
    admin: { kind: "truth", letter: "m", meaning: "whether it may administer" },
    defaultTopicPerm: { kind: "text", letter: "i", meaning: "what it may do with topics" },
    defaultGroupPerm: { kind: "text", letter: "u", meaning: "what it may do with groups" },
    topicPerms: { kind: "text", letter: "t", meaning: "by topic, topicA=DENY,topicD=SUB" },
    groupPerms: { kind: "text", letter: "g", meaning: "by group, groupA=DENY,groupD=SUB" },
    whiteRemoteAddress: { kind: "text", letter: "w", meaning: "addresses it may come from" },
  }, "updateAclConfig -b 10.0.0.5:10911 -a user -s secret123"),
  deleteAclConfig: missing(
    "Delete an account of a broker's access control list",
    { ...TARGET, accessKey: ACCESS_KEY },
    "deleteAclConfig -b 10.0.0.5:10911 -a user",
    "deleteAccessConfig",
  ),
  clusterAclConfigVersion: missing(
    "Show which version of access control lists brokers have",
    TARGET,
    "clusterAclConfigVersion -c DefaultCluster",
  ),
  updateGlobalWhiteAddr: missing("Change the addresses that need no account", {
    ...TARGET,
    globalWhiteRemoteAddresses: {
      kind: "text",
      letter: "g",
      required: true,
      meaning: "addresses, 10.10.103.*,192.168.0.*",
    },
    aclFileFullPath: { kind: "text", letter: "p", meaning: "the file they stand in" },
  }, "updateGlobalWhiteAddr -b 10.0.0.5:10911 -g '10.10.103.*'"),
  getAclConfig: missing(
    "Show brokers' access control lists",
    TARGET,
    "getAclConfig -c DefaultCluster",
    "getAccessConfigSubCommand",
  ),
};

function missing(
  summary: string,
  flags: Readonly<Record<string, MqadminFlag>>,
  example: string,
  alias?: string,
): MqadminCommand {
  return mqadminCommand({
    summary,
    flags,
    oneOf: ["brokerAddr", "clusterName"],
    examples: [example],
    ...alias !== undefined && { alias },
    unsupported: WHY,
    run: () => Promise.resolve(Exit.FAILED),
  });
}
