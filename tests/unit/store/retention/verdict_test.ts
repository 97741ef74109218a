import { assertEquals } from "@std/assert";
import { type Situation, verdictOn } from "../../../../src/store/retention/retention.ts";
import {
  RETENTION_DEFAULTS,
  type RetentionOptions,
} from "../../../../src/store/retention/retention_options.ts";
import { test } from "../../../harness.ts";
import { FILE, HOUR } from "./aging_store.ts";

for (
  const { name, situation, options = {}, verdict } of [
    { name: "expired at another hour", situation: {}, verdict: "stays" },
    { name: "expired, and it is time", situation: { isTime: true }, verdict: "expired" },
    {
      name: "expired on a disk that fills",
      situation: { pressure: "expired" },
      verdict: "expired",
    },
    {
      name: "young, and it is time",
      situation: { now: 71 * HOUR, isTime: true },
      verdict: "stays",
    },
    {
      name: "young on a disk that fills",
      situation: { now: 71 * HOUR, pressure: "expired" },
      verdict: "stays",
    },
    {
      name: "young on a full disk",
      situation: { now: HOUR, pressure: "forced" },
      verdict: "disk",
    },
    {
      name: "young on a full disk that may not force",
      situation: { now: HOUR, pressure: "forced" },
      options: { forces: false },
      verdict: "stays",
    },
    {
      name: "expired on a full disk that may not force",
      situation: { pressure: "forced" },
      options: { forces: false },
      verdict: "expired",
    },
    {
      name: "expired, and a slave needs its last byte",
      situation: { isTime: true, neededFrom: FILE - 1 },
      verdict: "slave",
    },
    {
      name: "expired, and a slave needs what is behind it",
      situation: { isTime: true, neededFrom: FILE },
      verdict: "expired",
    },
    {
      name: "needed by a slave on a full disk",
      situation: { pressure: "forced", neededFrom: 0 },
      verdict: "disk",
    },
  ] as {
    name: string;
    situation: Partial<Situation>;
    options?: Partial<RetentionOptions>;
    verdict: string;
  }[]
) {
  test(`a file that is ${name}: ${verdict}`, () => {
    const usual = {
      now: 72 * HOUR,
      pressure: "none",
      isTime: false,
      neededFrom: Infinity,
    } as const;
    const given = verdictOn(
      { end: FILE, modifiedMs: 0 },
      { ...usual, ...situation },
      { ...RETENTION_DEFAULTS, ...options },
    );
    assertEquals(given, verdict);
  });
}
