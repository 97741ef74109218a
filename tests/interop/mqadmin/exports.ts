/** mqadmin's exports: commands that write files. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../../harness.ts";
import { jsonValue, millis } from "./marks.ts";
import { same, sameText, type Terms } from "./twins.ts";

/** Runs an export that writes one file, and compares what is in it. */
async function sameFile(command: string, folder: string, terms: Terms = {}): Promise<string> {
  await same(`${command} -n {namesrv} -f {files}/${folder}`);
  const text = await sameText(command, ({ files }) => {
    const [name, ...more] = readdirSync(join(files, folder));
    assertEquals(more, [], "one file");
    return `${name}\n${readFileSync(join(files, folder, name), "utf8")}`;
  }, terms);
  return text;
}

test("mqadmin exportMetadata writes topics and groups of a cluster and of a broker", async () => {
  const terms = { marks: [millis] };
  await sameFile("exportMetadata -c DefaultCluster", "all", terms);
  await sameFile("exportMetadata -c DefaultCluster -t", "topics", terms);
  await sameFile("exportMetadata -c DefaultCluster -g", "groups", terms);
  const special = await sameFile("exportMetadata -c DefaultCluster -t -s", "special", terms);
  assertStringIncludes(special, `"%RETRY%twin-online"`);
  await sameFile("exportMetadata -c DefaultCluster -s", "all-special", terms);
  await sameFile("exportMetadata -b {master} -t", "broker-topics", terms);
  await sameFile("exportMetadata -b {master} -t -s", "broker-special", terms);
  await sameFile("exportMetadata -b {master} -g", "broker-groups", terms);
  await sameFile("exportMetadata -c NoCluster", "none", terms);
  await same("exportMetadata -n {namesrv} -b 127.0.0.1:1 -t -f {files}/nothing");
});

test("mqadmin exportConfigs writes the settings of a cluster's brokers", async () => {
  await sameFile("exportConfigs -c DefaultCluster", "configs");
  await sameFile("exportConfigs -c NoCluster", "no-configs");
});

test("mqadmin exportMetrics writes what a cluster's brokers count", async () => {
  await sameFile("exportMetrics -c DefaultCluster", "metrics", {
    marks: ["commitLogDiskRatio", "consumeQueueDiskRatio", "\\w+Tps"].map(jsonValue),
  });
  await same("exportMetrics -n {namesrv} -c NoCluster -f {files}/no-metrics");
});
