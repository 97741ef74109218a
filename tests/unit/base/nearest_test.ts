import { assertEquals } from "@std/assert";
import { editDistance, nearest } from "../../../src/base/nearest.ts";
import { test } from "../../harness.ts";

test("editDistance() counts changed, added and dropped letters", () => {
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("consume", "consume"), 0);
  assertEquals(editDistance("comsume", "consume"), 1);
  assertEquals(editDistance("sned", "send"), 2);
  assertEquals(editDistance("BrokerName", "brokername"), 0);
});

test("nearest() guesses what was meant, or nothing", () => {
  const known = ["send", "consume", "dev", "version"];
  assertEquals(nearest("sned", known), "send");
  assertEquals(nearest("consumer", known), "consume");
  assertEquals(nearest("verison", known), "version");
  assertEquals(nearest("rebalance", known), undefined);
  assertEquals(nearest("x", ["ab"]), undefined);
});
