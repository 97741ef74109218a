/**
 * Runs scenarios of ali-ons, the client for Node, against a cluster, in the order given, and prints a line of JSON for
 * each, as the Java program does: {"scenario":"sendSync","ok":true,"ms":41} or {...,"ok":false,"error":"..."}.
 *
 *     node client.cjs NAMESRV RUN SCENARIO...
 *
 * RUN becomes part of every topic and group, so that one cluster takes many runs.
 */
"use strict";

const { Lab } = require("./lab.cjs");
const scenarios = {
  ...require("./sending.cjs"),
  ...require("./consuming.cjs"),
  ...require("./later.cjs"),
};

const LIMIT_MS = 60_000;

async function main([namesrv, run, ...wanted]) {
  let failed = 0;
  for (const name of wanted) {
    const start = Date.now();
    const lab = new Lab(namesrv, run, name);
    const line = { scenario: name, ok: true };
    try {
      await limited(scenarios[name](lab));
      await lab.close();
    } catch (error) {
      line.ok = false;
      line.error = `${error.message} ${ours(error)}; the client said ${
        lab.errors.slice(-5).join("; ")
      }`;
      failed++;
    }
    line.ms = Date.now() - start;
    console.log(JSON.stringify(line));
  }
  process.exit(failed > 0 ? 1 : 0); // the client keeps timers
}

/** A scenario that hangs is a failed one; the next still runs. */
function limited(work) {
  const late = new Promise((_, reject) => {
    const error = new Error(`not done within ${LIMIT_MS} ms`);
    setTimeout(() => reject(error), LIMIT_MS).unref();
  });
  return Promise.race([work, late]);
}

/** The lines of the scenarios that a failure came through. */
function ours(error) {
  return [...String(error.stack).matchAll(/([a-z]+\.cjs:\d+)/g)].map(([, at]) => `[${at}]`).join(
    " ",
  );
}

console.warn =
  console.log =
    ((say) => (...words) =>
      words[0]?.startsWith?.('{"scenario"') ? say(...words) : console.error(...words))(console.log);
main(process.argv.slice(2));
