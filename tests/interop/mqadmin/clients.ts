/** mqadmin's commands about clients that are online, and how far they are. */
import { assertMatch } from "@std/assert";
import { test } from "../../harness.ts";
import { clientHosts, live, without } from "./live.ts";
import { cells, dates, type Mark, mark, millis, reason, sorted } from "./marks.ts";
import { same, sameRefusal } from "./twins.ts";

const NONE = `Cannot list the consumers of "LiveAway": none is online here`;

test("mqadmin producerConnection and producer show producers", async () => {
  await live();
  const marks = [clientHosts];
  await same("producerConnection -n {namesrv} -g LiveProducers -t Live", { marks });
  await same("producerConnection -n {namesrv} -g LiveTransactions -t LiveOne", { marks });
  await sameRefusal(
    "producerConnection -n {namesrv} -g nobody -t Live",
    `Cannot list the producers of "nobody": none is online here`,
  );
  // A client that is gone stays for two minutes in Java's list when its last word came in after its end.
  const listed = [clientHosts, millis, machine, without(/@(?:twin|live)-admin,/), sorted];
  await same("producer -n {namesrv} -b {master}", { marks: listed });
  const { ours } = await same("producer -n {namesrv} -b {slave}", { marks: listed });
  assertMatch(ours.out, /LiveTransactions|There is no|CLIENT_INNER_PRODUCER/);
});

/** Clients that were told no address name themselves after the machine, and some after their process. */
const machine: Mark = mark("machine", /\b(?:\d{1,3}\.){3}\d{1,3}(?=@)|(?<=@)\d+(?:#\d+)?/g);

test("mqadmin consumerConnection shows who consumes, and what", async () => {
  const marks = [clientHosts, sorted];
  for (const group of ["LiveGroup", "LiveBroadcast", "LiveOrderly", "LiveSql"]) {
    await same(`consumerConnection -n {namesrv} -g ${group}`, { marks });
  }
  await same("consumerConnection -n {namesrv} -g LiveOrderly -b {master}", { marks });
  await same("consumerConnection -n {namesrv} -g LiveOrderly -b {slave}", { marks });
  await sameRefusal("consumerConnection -n {namesrv} -g LiveAway", NONE);
  await same("consumerConnection -n {namesrv} -g nobody", { marks: [reason] });
});

test("mqadmin consumerProgress shows how far groups are", async () => {
  const marks = [dates, mark("tps", /(?<=Consume TPS: )[\d.]+/g)];
  for (const group of ["LiveGroup", "LiveOrderly", "LiveSql", "LiveAway", "twin-online"]) {
    const of = await same(`consumerProgress -n {namesrv} -g ${group}`, { marks });
    if (group === "LiveAway") assertMatch(of.ours.out, /Diff Total: 14/);
  }
  await same("consumerProgress -n {namesrv} -g LiveGroup -s true", { marks });
  await same("consumerProgress -n {namesrv} -g LiveBroadcast", { marks });
  await same("consumerProgress -n {namesrv} -g nobody", { marks: [reason] });
  await same("consumerProgress -n {namesrv}", { marks: [rates, sorted] });
});

/** The last but one column of a group that is online: messages a second, in the last minute. */
const rates: Mark = {
  replace: (text) => text.replace(/^(.+(?:CLUSTERING|BROADCASTING) +)\d+( +\d+ *)$/gm, "$1<tps>$2"),
};

test("mqadmin consumerStatus shows what consumers say of themselves", async () => {
  const status = "consumerStatus -n {namesrv} -g";
  const listed = [millis, cells({ 0: "n" }), sorted];
  await same(`${status} LiveGroup`, { marks: listed });
  await same(`${status} LiveGroup -s`, { marks: listed });
  await same(`${status} LiveOrderly -b {master}`, { marks: listed });
  for (
    const client of ["LiveGroup -i 127.0.0.1@live-first", "LiveOrderly -i 127.0.0.1@live-orderly"]
  ) {
    const { ours } = await same(`${status} ${client}`, { marks: said });
    assertMatch(ours.out, /locked=true/);
  }
  await same(`${status} LiveBroadcast -i 127.0.0.1@live-broadcast`, { marks: said });
  const { ours } = await same(`${status} LiveSql -i 127.0.0.1@live-sql -s`, {
    marks: [{ replace: (text) => text.replace(/^#Consumer jstack#[^]*/m, "") }, ...said],
  });
  assertMatch(ours.out, /PullMessageService +TID: \d+ STATE: WAITING/);
  await sameRefusal(`${status} LiveGroup -i nobody`, `Cannot ask "nobody"`);
  await sameRefusal(`${status} LiveAway`, NONE);
});

/** What differs between two processes that run the same, and between two moments. */
const said: readonly Mark[] = [
  millis,
  mark("moment", /\b2026\d{10,13}\b/g),
  mark("object", /(?<=@)[0-9a-f]{5,8}\b/g),
  mark("object", /(?<=Lambda\$)[\w$/]+/g),
  mark("rate", / +\d+\.\d+(?=\s)/g),
];
