import { assertEquals, assertThrows } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import {
  formatResync,
  formatResyncRefusal,
  formatResyncReport,
  isResyncRefused,
  parseResync,
  parseResyncReport,
  type ResyncReport,
} from "../../../src/wire/ha_resync.ts";
import { test } from "../../harness.ts";

test("a resync is begun by a request without fields, and asked about by one with progress", () => {
  assertEquals(formatResync(false), { code: 29071, ext: {} });
  assertEquals(formatResync(true), { code: 29071, ext: { progress: "true" } });
  const asked: ExtFields[] = [{}, { progress: "false" }, { progress: "true" }];
  assertEquals(asked.map(parseResync), [false, false, true]);
});

test("its report is read as it was written", () => {
  const report: ResyncReport = {
    state: "RUNNING",
    step: "COPYING",
    cutAt: 65_536,
    end: 2 ** 40,
    copied: 1_000,
    total: 2 ** 40 - 65_536,
    folder: "/store/diverged/65536-1",
  };
  const { code, body } = formatResyncReport(report);
  assertEquals([code, parseResyncReport(body!)], [0, report]);
  assertThrows(() => parseResyncReport(utf8(`{"step":"SINGING"}`)), FieldError, "step");
});

test("a refusal for safety is told from a failure", () => {
  const refused = formatResyncRefusal("this broker is no slave", true);
  assertEquals(refused.remark, "Cannot resync: this broker is no slave");
  assertEquals(isResyncRefused({ code: refused.code, ext: refused.ext! }), true);
  const failed = formatResyncRefusal("the disk is full", false);
  assertEquals([failed.code, failed.ext], [1, undefined]);
  assertEquals(isResyncRefused({ code: 1, ext: {} }), false);
});
