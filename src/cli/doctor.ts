import { silentLog } from "../base/log.ts";
import { Redial } from "../rpc/redial.ts";
import { addressOf, mustBeCluster, TARGET_FLAGS } from "./admin/reach.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, nameServersOf } from "./cluster.ts";
import { paintFor } from "./colour.ts";
import type { Command } from "./command.ts";
import { impatient } from "./doctor/asking.ts";
import { diagnose, mayPass } from "./doctor/checks.ts";
import { exitOf, findingsJson, findingsText } from "./doctor/doctor_text.ts";
import { answering, type Facts } from "./doctor/facts.ts";
import { gather, watch } from "./doctor/gather.ts";
import { verb } from "./verb.ts";

/** What may pass is looked at once more after this. */
const AGAIN_MS = 1_000;

/** `pocketmq doctor` */
export const doctor: Command = {
  name: "doctor",
  usage: "[TOPIC] [-c CLUSTER] [-b ADDR] [--seconds N]",
  summary: "Find out what is wrong with a cluster, or with a topic, and what to do next",
  help: `
It asks every name server and every broker, as clients reach them from this machine, changes
nothing, and says each trouble in plain words with the next command to run. It tells apart:

  name servers    unreachable, stuck, slow, no name server at all; that do not agree
  brokers         none; known to some name servers only; unreachable at the address they
                  tell (brokerIP1), another one there, two with one name; a closed fast or
                  HA port; no master, no room on the disk, busy, a wrong clock, no permission
  replication     slaves behind, stopped, AHEAD, PURGED, DIVERGED; a SYNC_MASTER without
  TOPIC           why clients hear "No route info of this topic", or may not send; and its
                  groups: behind, switched off, with nobody in them, with members that
                  differ or are too many, with dead letters

  -c, --cluster NAME          that cluster's brokers alone; TOPIC must be in it
  -b, --broker ADDR           look at this broker, too, registered or not
  --seconds N                 watch the name servers for so long, then judge: brokers that
                              fight for one name are seen then; 60 is enough
${CLUSTER_HELP}
Exit codes: 0 nothing is wrong, 1 no name server could be asked, 2 the command line is wrong,
3 something is wrong. With --json each finding is a line: level ("wrong" or "note"), cause (a
fixed word), where, text, next.

Examples:
  pocketmq doctor
  pocketmq doctor orders -n '10.0.0.1:9876;10.0.0.2:9876'
  pocketmq doctor -b 10.0.0.5:10911
  pocketmq doctor orders --json | jq -r .cause
`,
  ...verb({
    flags: { ...CLUSTER_FLAGS, ...TARGET_FLAGS, seconds: { kind: "count" } },
    words: [{ what: "a topic", kind: "topic", optional: true }],
    async run(context, { flags, words: [topic] }) {
      const { runtime, terminal, program } = context;
      const namesrvs = nameServersOf(context, flags);
      const broker = flags.broker === undefined ? undefined : addressOf(flags.broker);
      const dashN = flags.namesrvAddr === undefined ? "" : ` -n '${flags.namesrvAddr}'`;
      const redial = new Redial(runtime, silentLog);
      try {
        const { net, clock } = runtime;
        const asking = { calls: impatient(redial), net, clock };
        const { cluster } = flags;
        const scope = { namesrvs, broker, cluster, topic, dashN };
        let facts = await gather(asking, scope);
        mustKnow(cluster, facts);
        let findings = diagnose(facts);
        const waitMs = flags.seconds === undefined ? AGAIN_MS : flags.seconds * 1000;
        if (flags.seconds !== undefined || mayPass(findings)) {
          const watched = await watch(asking, answering(facts), waitMs);
          facts = { ...await gather(asking, scope), watched };
          findings = diagnose(facts);
        }
        terminal.stdout(
          flags.json
            ? findingsJson(findings)
            : findingsText(findings, facts, program, paintFor(terminal)),
        );
        return exitOf(findings, facts);
      } finally {
        redial.close();
      }
    },
  }),
};

/** @throws {UsageError} when name servers have brokers, and none of a cluster of that name. */
function mustKnow(cluster: string | undefined, facts: Facts): void {
  const brokers = answering(facts).flatMap((namesrv) => namesrv.brokers);
  if (cluster !== undefined && brokers.length > 0) mustBeCluster(cluster, brokers);
}
