/** mqadmin's commands that send, and those that tell how fast and how much was sent. */
import { assert, assertMatch } from "@std/assert";
import { test } from "../../harness.ts";
import { allRead, freshIds, live, without } from "./live.ts";
import { dates, type Mark, mark, millis, sorted } from "./marks.ts";
import { eventually, same, type Twin } from "./twins.ts";

/** Columns that say how long something took, with the space before them. */
const times: Mark = mark("ms", / +\d+(?:\.\d+)?(?=\s*$)/gm);

test("mqadmin sendMessage sends, and queryMsgTraceById shows what became of it", async () => {
  const { ours, java } = await live();
  const marks = [freshIds];
  await same("sendMessage -n {namesrv} -t Live -b broker-a -i 2 -k sent -c A -p hello", { marks });
  await same("queryMsgByKey -n {namesrv} -t Live -k sent", { marks });
  await same("sendMessage -n {namesrv} -t LiveOne -p hello", { marks });
  await same("sendMessage -n {namesrv} -t LiveOne -i 0 -p hello", { marks });
  const trace = "queryMsgTraceById -n {namesrv} -i {traced}";
  const isTold = async (twin: Twin) => /^Pub [^]*LiveOrderly/m.test((await twin.run(trace)).out);
  for (let tries = 1;; tries++) {
    const traced = "sendMessage -n {namesrv} -t Live -b broker-a -i 1 -m true -c B -p traced";
    const { ours: byOurs, java: byJava } = await same(traced, { marks });
    for (const [twin, { out }] of [[ours, byOurs], [java, byJava]] as const) {
      twin.know("traced", /SEND_OK +(\w+)/.exec(out)![1]);
    }
    const both = async () => await isTold(ours) && await isTold(java);
    // mqadmin ends half a second after the send, whether its trace was stored or not.
    if (await within(10_000, both)) break;
    assert(tries < 4, "no trace of who sent and who consumed");
  }
  await same(trace, {
    marks: [dates, millis, mark("host", /\b(?:\d{1,3}\.){3}\d{1,3}\b/g), costs],
  });
});

async function within(ms: number, holds: () => Promise<boolean>): Promise<boolean> {
  for (const until = Date.now() + ms; Date.now() < until;) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return false;
}

/** How long sending and consuming took. */
const costs: Mark = mark("ms", / +\d+ms +/g);

test("mqadmin sendMsgStatus and checkMsgSendRT tell of each send", async () => {
  // What clusterRT sends meanwhile goes to the same topic, the broker's.
  const place = mark("n", /(?<=queueOffset=)\d+/g);
  const marks = [freshIds, mark("ms", /(?<=rt=)\d+/g), times, place];
  const { ours } = await same("sendMsgStatus -n {namesrv} -b broker-a -c 3 -s 10", { marks });
  assertMatch(ours.out, /sendStatus=SEND_OK.*\n.*sendStatus=SEND_OK/);
  await same("checkMsgSendRT -n {namesrv} -t Live -a 5 -s 10", { marks: [...marks, average] });
  await same("checkMsgSendRT -n {namesrv} -t LiveOne -a 2", { marks: [...marks, average] });
});

const average: Mark = mark("ms", /(?<=Avg RT: )[\d.]+/g);

test("mqadmin brokerConsumeStats shows all groups of a broker", async () => {
  await allRead(await live());
  const of = "brokerConsumeStats -n {namesrv} -b";
  const marks = [dates, ...sqlBehind, others, sorted];
  const { ours } = await same(`${of} {master}`, { marks });
  assertMatch(ours.out, /LiveOrderly/);
  await same(`${of} {master} -o true`, { marks });
  await same(`${of} {master} -l 1`, { marks: [dates, without(/ LiveSql /), sum, sorted] });
});

/** A consumer whose condition nothing new fulfils says where it is only when its pull comes back, after 15 s. */
const sum = mark("sum", /(?<=^Diff Total: )\d+/gm);
const sqlBehind = [mark("behind", /(?<=^Live +LiveSql +(?:broker-a +)?)\d+.*$/gm), sum];

/** Groups that come and go while other commands run. */
const others = without(/__MONITOR_CONSUMER|TOOLS_CONSUMER/);

test("mqadmin statsAll shows who reads what and is how far behind, and how much there was", async () => {
  const both = await live();
  await allRead(both);
  const marks = [counts, ...sqlBehind, others, sorted];
  const why = "ours makes its topics for transactions with the first of them, Java's later";
  const onlyOurs = [{ line: /^RMQ_SYS_TRANS_(OP_)?HALF_TOPIC /, why }];
  await same("statsAll -n {namesrv}", { marks, onlyOurs });
  await same("statsAll -n {namesrv} -t Live", { marks });
  // Java's counts what came between two looks, ten seconds apart; ours begins with the first message.
  const counted = async (twin: Twin) => {
    const { out } = await twin.run("statsAll -n {namesrv} -t Live -a");
    return /^Live +LiveGroup +\d+ +\d+\.\d\d +\d+\.\d\d +[1-9]\d* +[1-9]\d* *$/m.test(out);
  };
  assert(await counted(both.ours));
  await eventually("Java's counts", () => counted(both.java));
});

/** Messages a second and of a day. */
const counts: Mark = {
  replace: (text) =>
    text.replace(/ +\d+\.\d\d +\d+\.\d\d +\d+ +\d+ *$/gm, " <counts>")
      .replace(/ +\d+\.\d\d +\d+ +(?=NO_CONSUMER)/gm, " <counts> "),
};
