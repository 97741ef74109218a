import { assertEquals } from "@std/assert";
import { mergeOffset, type OffsetViews } from "../../../src/broker/merge_offset.ts";
import { test } from "../../harness.ts";

const NONE = undefined;
const same = { sameLife: true, end: 100 };
const anew = { sameLife: false, end: 100 };

for (
  const { name, views, here, further = false } of [
    { name: "a first offset", views: { here: NONE, before: NONE, now: 7, ...same }, here: 7 },
    { name: "progress", views: { here: 5, before: 5, now: 7, ...same }, here: 7 },
    { name: "nothing new", views: { here: 5, before: 5, now: 5, ...same }, here: 5 },
    { name: "a reset", views: { here: 50, before: 50, now: 10, ...same }, here: 10 },
    { name: "a reset to 0", views: { here: 50, before: 50, now: 0, ...same }, here: 0 },
    {
      name: "a reset while consumers were here",
      views: { here: 80, before: 50, now: 10, ...same },
      here: 10,
    },
    {
      name: "consumers that went on here",
      views: { here: 80, before: 50, now: 50, ...same },
      here: 80,
      further: true,
    },
    {
      name: "consumers that went on here, and then there",
      views: { here: 80, before: 50, now: 60, ...same },
      here: 80,
      further: true,
    },
    {
      name: "consumers that are ahead there",
      views: { here: 80, before: 50, now: 90, ...same },
      here: 90,
    },
    {
      name: "a master that lost its last commits",
      views: { here: 50, before: 50, now: 45, ...anew },
      here: 50,
      further: true,
    },
    {
      name: "a master that was away while consumers were here",
      views: { here: 80, before: 50, now: 45, ...anew },
      here: 80,
      further: true,
    },
    {
      name: "an offset of a master nothing was known of",
      views: { here: 80, before: NONE, now: 45, ...anew },
      here: 80,
      further: true,
    },
    {
      name: "an offset beyond our queue",
      views: { here: 80, before: 80, now: 120, ...same },
      here: 100,
    },
    {
      name: "a first offset beyond our queue",
      views: { here: NONE, before: NONE, now: 120, ...same },
      here: 100,
    },
    {
      name: "an offset in a queue we have nothing of",
      views: { here: NONE, before: NONE, now: 120, sameLife: true, end: 0 },
      here: NONE,
    },
    {
      name: "a first offset at the start of a queue we have nothing of",
      views: { here: NONE, before: NONE, now: 0, sameLife: true, end: 0 },
      here: 0,
    },
    {
      name: "an offset cut before, once its messages are here",
      views: { here: 50, before: 90, now: 90, ...same },
      here: 90,
    },
    {
      name: "a group only we know",
      views: { here: 5, before: NONE, now: NONE, ...anew },
      here: 5,
      further: true,
    },
    {
      name: "a group the running master forgot",
      views: { here: 5, before: 3, now: NONE, ...same },
      here: NONE,
    },
    {
      name: "a group a new master process lost",
      views: { here: 5, before: 5, now: NONE, ...anew },
      here: 5,
      further: true,
    },
    {
      name: "a group a new master process lost, which went on here",
      views: { here: 9, before: 5, now: NONE, ...anew },
      here: 9,
      further: true,
    },
  ] as { name: string; views: OffsetViews; here: number | undefined; further?: boolean }[]
) {
  test(`mergeOffset(): ${name} gives ${here}${further ? " and is told" : ""}`, () =>
    assertEquals(mergeOffset(views), { here, further }));
}
