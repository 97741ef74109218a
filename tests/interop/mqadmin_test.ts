/**
 * Every command of Java's mqadmin on our cluster and on Java's own, with the same data: what it prints must be the
 * same. The tests share both clusters and run in this order.
 */
import { test } from "../harness.ts";
import "./mqadmin/comparing.ts";
import "./mqadmin/topics.ts";
import "./mqadmin/namesrv.ts";
import "./mqadmin/brokers.ts";
import "./mqadmin/exports.ts";
import "./mqadmin/deleted.ts";
import "./mqadmin/groups.ts";
import "./mqadmin/messages.ts";
import "./mqadmin/clients.ts";
import "./mqadmin/asking.ts";
import "./mqadmin/go_admin.ts";
import { foreverEnds } from "./mqadmin/forever.ts";
import "./mqadmin/sends.ts";
import "./mqadmin/offsets.ts"; // behind all that wants groups to read at once: who is reset pauses for long
import { closeTwins } from "./mqadmin/twins.ts";

foreverEnds();

test("both clusters of the mqadmin tests end", closeTwins);
