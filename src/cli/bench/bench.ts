import { CLUSTER_HELP } from "../cluster.ts";
import type { Command } from "../command.ts";
import { consume } from "./consume.ts";
import { TARGET_HELP } from "../admin/reach.ts";
import { LIVE_HELP } from "./live.ts";
import { produce } from "./produce.ts";
import { replicate } from "./replicate.ts";

/** `pocketmq bench` */
export const bench: Command = {
  name: "bench",
  usage: "produce [TOPIC] | consume [TOPIC] | replicate -b MASTER",
  summary: "Measure how fast any RocketMQ 4.x cluster is",
  help: `
  produce [TOPIC]   send as fast as answers come, or by a schedule; without TOPIC to one of
                    its own. A topic that was not there is made, and deleted at the end
    --size N        bytes of a body, like 512, 4K, 1M (1K)
    --connections N, --inflight N
                    connections (4), and sends under way on each (16)
    --seconds N     how long it counts (10)
    --count N       end after N messages instead
    --warmup N      seconds before that count for nothing (2; with --count 0)
    --rate N        messages a second by a schedule: latency counts from the moment a
                    message was to leave, so nothing a slow broker delays is left out
    --batch N       messages in one request (1)
    --queues N      queues on each broker (4; of a topic that exists all)
    --tag TAG, --keys N, --properties a=1,b=2
                    what each message has; N keys of its own
    --keep          leave a topic that was made, and its messages

  consume [TOPIC]   read as fast as pulls are answered, each queue to its end; without TOPIC
                    one of its own that is filled first. No offset is kept
    --batch N       messages a pull asks for (32); brokers may give fewer
    --connections N connections (4), at most one for each queue
    --from WHERE    first (the default), last, or a time: 2026-01-31T12:00:00Z, 10m ago
    --seconds N, --count N
                    end after so long (10), or so many messages
    --again         begin anew with a queue that was read to its end
    --live          wait for what others send from now on: how long a message takes from
                    the broker's log to here
    --fill N, --size N
                    messages (100000) and bytes of a body (1K) of a topic of its own
    --keep          leave that topic

  replicate -b MASTER
                    take the master's log as a slave does, up to where it ends now, and
                    check that no byte is missing. It reports once, at the beginning of
                    what it wants, so nothing is ever acknowledged; but a master counts it
                    as a slave while it lasts. Where that can make sends wait, on a
                    SYNC_MASTER of Apache's or one that lacks slaves, it needs --yes
    --from OFFSET   log offset to begin at (that of the oldest byte)
    --seconds N     end after so long (10)
    --again         take it anew until the time is over
    --ha ADDR       the HA port when it is not where the master says
  replicate -b MASTER --measure lag
                    send messages to a topic of its own, one by one, and see how long it
                    takes until each slave has them
    --rate N, --size N
                    so many a second (20), bytes of a body (1K)

${LIVE_HELP}
${TARGET_HELP}${CLUSTER_HELP}
A message is counted by its answer: SEND_OK, or stored with less than was configured
(FLUSH_DISK_TIMEOUT, SLAVE_NOT_AVAILABLE, FLUSH_SLAVE_TIMEOUT), or refused. Ctrl-C ends it
and shows what was measured until then.

Exit codes: 0 all SEND_OK, 3 all stored but a guarantee was not reached in time, 1 one was
refused or a connection broke, 2 the command line is wrong, 4 not done for safety (--yes),
124 no answer in time. With --measure lag 3 says that a slave took longer than 10 s.

Examples:
  pocketmq bench produce
  pocketmq bench produce --connections 16 --inflight 32 --size 256 --seconds 30
  pocketmq bench produce orders --rate 5000 -n 10.0.0.1:9876
  pocketmq bench consume --again
  pocketmq bench consume orders --live --seconds 60
  pocketmq bench replicate -b 10.0.0.5:10911
  pocketmq bench replicate -b 10.0.0.5:10911 --measure lag --seconds 60
  pocketmq bench produce -b 10.0.0.5:10911 --count 100000 --json | jq .latencyMs.p99
`,
  verbs: { produce, consume, replicate },
};
