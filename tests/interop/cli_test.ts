/**
 * Every command of ours on a cluster of Java's and on one of ours. The tests share both clusters and run in this
 * order.
 */
import { test } from "../harness.ts";
import "./cli/bench.ts";
import "./cli/broker.ts";
import { closeClusters } from "./cli/clusters.ts";
import "./cli/completion.ts";
import "./cli/group.ts";
import "./cli/message.ts";
import "./cli/mqadmin.ts";
import "./cli/mqadmin_clients.ts";
import "./cli/namesrv.ts";
import "./cli/doctor.ts";
import "./cli/topic.ts";

test("both clusters of the command line's tests end", closeClusters);
