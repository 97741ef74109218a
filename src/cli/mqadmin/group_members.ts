import { onePerName } from "../../admin/cluster.ts";
import { producersOf, producersOn, type RunningInfo } from "../../admin/members.ts";
import { topicRoute } from "../../admin/topics.ts";
import { versionName } from "../../wire/version_name.ts";
import { addressOf, reaching } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { BROKER, type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { type ClientSeen, clientsOf, connectionsOf, worst } from "./groups_online.ts";
import { printJson } from "./print.ts";
import { infoJson, infoText, sameSubscriptions, stuckQueues } from "./running_text.ts";
import { fromEach } from "./targets.ts";

/** Commands that look at clients. */
export const groupMembers: Readonly<Record<string, MqadminCommand>> = {
  producerConnection: mqadminCommand({
    summary: "Show who of a producer group is connected to the brokers of a topic",
    flags: {
      producerGroup: { kind: "text", letter: "g", required: true, meaning: "the producer group" },
      topic: TOPIC,
    },
    examples: ["producerConnection -g billing-producers -t orders"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { producerGroup: group, topic } = given;
        const { brokers } = await topicRoute(lines, topic);
        const nodes = onePerName(brokers.flatMap(({ cluster, brokerName: name, brokerAddrs }) =>
          Array.from(brokerAddrs, ([id, address]) => ({ cluster, name, id, address }))
        ));
        const asked = await fromEach(context, nodes, ({ address }) =>
          producersOf(lines, address, group));
        const clients = new Map(
          asked.values.flatMap(([, all]) =>
            all
          ).map((each) => [each.clientId, each]),
        );
        if (clients.size === 0) {
          if (asked.exit === Exit.OK) {
            context.terminal.stderr(`pocketmq: nobody produces as "${group}"\n`);
          }
          return asked.exit || Exit.FAILED;
        }
        const all = [...clients.values()].sort((a, b) =>
          a.clientId < b.clientId ? -1 : 1
        );
        if (given.json) printJson(context, all.map((each) => ({ group, ...each })));
        else {
          context.terminal.stdout(tableOf(all.map((each, at) => [
            String(at + 1).padStart(4, "0"),
            ...[each.clientId, each.clientAddr, each.language, versionName(each.version)],
          ])));
        }
        return asked.exit;
      }),
  }),

  producer: mqadminCommand({
    summary: "Show every producer that is connected to a broker",
    flags: { broker: { ...BROKER, required: true, meaning: "the broker, host:port" } },
    examples: ["producer -b 10.0.0.5:10911"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const groups = await producersOn(lines, addressOf(given.broker));
        for (const [group, producers] of [...groups].sort(([a], [b]) => a < b ? -1 : 1)) {
          if (given.json) printJson(context, producers.map((each) => ({ group, ...each })));
          else {
            context.terminal.stdout(
              producers.map(({ clientId, remoteAddr, language, version, lastUpdateTimestamp }) =>
                `producer group (${group}) instance : clientId=${clientId},remoteIP=/${remoteAddr}, ` +
                `language=${language}, version=${version}, lastUpdateTimestamp=${lastUpdateTimestamp}\n`
              ).join(""),
            );
          }
        }
        return Exit.OK;
      }),
  }),

  consumerStatus: mqadminCommand({
    summary: "Show what the clients of a consumer group do, and whether they agree",
    flags: {
      consumerGroup: {
        ...{ kind: "text", letter: "g", required: true, names: "group" } as const,
        meaning: "the group",
      },
      clientId: { kind: "text", letter: "i", meaning: "that client alone, with all it tells" },
      brokerAddr: { ...BROKER, meaning: "as that broker knows it; all of them without it" },
      jstack: { kind: "switch", letter: "s", meaning: "with the stacks of their threads" },
    },
    examples: ["consumerStatus -g billing", "consumerStatus -g billing -i 10.0.0.7@4711 -s"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { consumerGroup: group, clientId, jstack } = given;
        const { online, exit } = await connectionsOf(context, lines, group, given.brokerAddr);
        const wanted = online?.connections.filter((each) =>
          (clientId ?? each.clientId) === each.clientId
        );
        if (online === undefined || wanted?.length === 0) {
          if (exit !== Exit.OK) return exit;
          const who = online === undefined ? "nobody" : `no client ${clientId}`;
          context.terminal.stderr(`pocketmq: ${who} of group "${group}" is online\n`);
          return Exit.FAILED;
        }
        const asked = { ...online, connections: wanted ?? [] };
        const { clients, exit: heardExit } = await clientsOf(context, lines, group, asked, jstack);
        const found = verdictOn(clients, context.runtime.clock.now());
        if (given.json) {
          printJson(
            context,
            clients.map(({ clientId, version, info }) => ({
              ...{ group, clientId, version: versionName(version) },
              ...infoJson(info),
              ...{ sameSubscription: found.agree, stuck: found.stuck },
            })),
          );
        } else if (clientId !== undefined) {
          context.terminal.stdout(clients.map(({ info }) => infoText(info)).join("\n"));
        } else context.terminal.stdout(listText(context, clients, found));
        const isWell = found.agree && found.stuck.length === 0;
        return worst(exit, heardExit, isWell ? Exit.OK : Exit.UNHEALTHY);
      }),
  }),
};

/** What is wrong in a group. */
export interface Verdict {
  readonly agree: boolean;
  /** Queues that do not get on, a line each. */
  readonly stuck: readonly string[];
}

/** @see Verdict */
export function verdictOn(clients: readonly ClientSeen[], now: number): Verdict {
  return {
    agree: sameSubscriptions(clients.map(({ info }) => info), now),
    stuck: clients.flatMap(({ clientId, info }) => stuckQueues(clientId, info, now)),
  };
}

/** A table of clients; what each tells is left in a file of its own, as mqadmin does. */
function listText(context: Context, clients: readonly ClientSeen[], found: Verdict): string {
  const folder = String(context.runtime.clock.now());
  const rows = clients.map(({ clientId, version, info }, at) => [
    ...[String(at + 1), clientId, versionName(version), leaveInfo(context, folder, clientId, info)],
  ]);
  const verdict = found.agree
    ? "Same subscription in the same group of consumer"
    : "WARN: Different subscription in the same group of consumer!!!";
  const balance = found.agree ? "\nRebalance OK\n" : "";
  return tableOf([["#Index", "#ClientId", "#Version", "#ConsumerRunningInfoFile"], ...rows]) +
    `\n\n${verdict}\n${balance}${found.stuck.map((line) => `${line}\n`).join("")}`;
}

function leaveInfo(
  { runtime, terminal }: Context,
  name: string,
  clientId: string,
  info: RunningInfo,
): string {
  const folder = runtime.fs.dir(terminal.workDir).child(name);
  folder.make();
  const fileName = clientId.replace(/[/\\\0]/g, "_"); // clients name themselves
  using file = folder.open(fileName, "create");
  file.writeAt(0, new TextEncoder().encode(infoText(info)));
  return `${name}/${fileName}`;
}
