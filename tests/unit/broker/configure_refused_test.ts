import { assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, configOf, type Sources } from "../../../src/broker/configure.ts";
import { test } from "../../harness.ts";

const master: Sources = { roles: { namesrv: false, broker: "master" }, addresses: ["10.1.2.3"] };
const slave: Sources = { roles: { namesrv: false, broker: "slave" }, addresses: ["10.1.2.3"] };
const fromFile: Sources = { roles: { namesrv: false, broker: "file" } };

for (
  const { name, sources, says } of [
    {
      name: "a number that is none",
      sources: { ...master, flags: { listenPort: "abc" } },
      says: "Cannot use listenPort = abc (flag): it must be a whole number from 0 to 65535",
    },
    {
      name: "a number out of its limits",
      sources: { ...master, flags: { registerNameServerPeriod: "5000" } },
      says: "registerNameServerPeriod = 5000 (flag): it must be a whole number of ms from 10000 to",
    },
    {
      name: "a number with something behind it",
      sources: { ...master, file: { slaveTimeout: "2500ms" } },
      says: "Cannot use slaveTimeout = 2500ms (file)",
    },
    {
      name: "a misspelt role",
      sources: { ...fromFile, file: { brokerRole: "slave" } },
      says: "brokerRole = slave (file): it must be ASYNC_MASTER, SYNC_MASTER or SLAVE",
    },
    {
      name: "a truth value that is none",
      sources: { ...master, env: { POCKETMQ_SLAVE_READ_ENABLE: "yes" } },
      says: "Cannot use slaveReadEnable = yes (environment): it must be true or false",
    },
    {
      name: "an address without a port",
      sources: { ...master, flags: { namesrvAddr: "10.0.0.1" } },
      says: "Cannot use namesrvAddr = 10.0.0.1 (flag): it must be host:port",
    },
    {
      name: "an address that cannot be",
      sources: { ...master, flags: { brokerIP1: "10.0.0.300" } },
      says: "Cannot use brokerIP1 = 10.0.0.300 (flag): it must be an IPv4 address or a host name",
    },
    {
      name: "a name that is no folder",
      sources: { ...master, flags: { brokerName: "../x" } },
      says: "Cannot use brokerName = ../x (flag)",
    },
    {
      name: "--slave against a file for a master",
      sources: { ...slave, file: { brokerRole: "SYNC_MASTER" } },
      says: "brokerRole = SYNC_MASTER (file): it must be SLAVE with --slave",
    },
    {
      name: "--master against a file for a slave",
      sources: { ...master, file: { brokerRole: "SLAVE" } },
      says: "brokerRole = SLAVE (file): it must be ASYNC_MASTER or SYNC_MASTER with --master",
    },
    {
      name: "a slave with the master's id",
      sources: { ...slave, file: { brokerId: "0" } },
      says: "Cannot use brokerId = 0 (file): it must be 1 or above on a slave",
    },
    {
      name: "SYNC_MASTER that would wait for nobody",
      sources: { ...fromFile, file: { brokerRole: "SYNC_MASTER", inSyncReplicas: "1" } },
      says: "Cannot use inSyncReplicas = 1 (file): it must be 2 or more with SYNC_MASTER",
    },
    {
      name: "more replicas demanded than waited for",
      sources: { ...master, flags: { brokerRole: "SYNC_MASTER", minInSyncReplicas: "3" } },
      says: "Cannot use minInSyncReplicas = 3 (flag): it must be at most inSyncReplicas, 2",
    },
    {
      name: "one folder twice for a log",
      sources: { ...master, file: { storePathCommitLog: "/a/log, /a/log" } },
      says:
        "Cannot use storePathCommitLog = /a/log, /a/log (file): it must be a folder, or different",
    },
    {
      name: "a delay without a unit",
      sources: { ...master, file: { messageDelayLevel: "1s 5" } },
      says: "Cannot use messageDelayLevel = 1s 5 (file): it must be durations like 1s 5m",
    },
    {
      name: "an hour that is none",
      sources: { ...master, file: { deleteWhen: "04;24" } },
      says: "Cannot use deleteWhen = 04;24 (file): it must be hours from 00 to 23, several with ;",
    },
    {
      name: "a slave that follows itself",
      sources: { ...slave, flags: { haMasterAddress: "10.1.2.3:10912" } },
      says: "Cannot use haMasterAddress = 10.1.2.3:10912 (flag): it must be another node",
    },
    {
      name: "a slave that follows itself over loopback",
      sources: { ...slave, flags: { haMasterAddress: "localhost:10912" } },
      says: "it must be another node",
    },
    {
      name: "a port with no room for the fast port",
      sources: { ...master, flags: { listenPort: "2" } },
      says: "Cannot use listenPort = 2 (flag): it must be 0, or from 3 to 65534",
    },
    {
      name: "an HA port on the fast port",
      sources: { ...master, flags: { haListenPort: "10909" } },
      says: "Cannot use haListenPort = 10909 (flag): it must be neither 10911 nor 10909",
    },
    {
      name: "a name server on the broker's port",
      sources: {
        roles: { namesrv: true, broker: "master" as const },
        flags: { namesrvPort: "10912" },
      },
      says: "Cannot use namesrvPort = 10912 (flag): it must be a port the broker",
    },
  ] satisfies { name: string; sources: Sources; says: string }[]
) {
  test(`configOf() refuses ${name}`, () => {
    const error = assertThrows(() => configOf(sources), ConfigError);
    assertStringIncludes(error.message, says);
  });
}
