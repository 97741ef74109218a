import { assert } from "@std/assert";
import { RETENTION_DEFAULTS } from "../../../src/store/retention/retention_options.ts";
import { type Failure, MemFs, type Operation } from "../../support/mem_fs.ts";
import type { Random } from "../../support/seeds.ts";
import { Lives } from "./lives.ts";

/** A disk on which a test sees each file of the log go that has others behind it. */
class WatchedFs extends MemFs {
  onOldestRemoved: (path: string) => void = () => {};

  override attempt(operation: Operation, path: string): Failure | undefined {
    const failure = super.attempt(operation, path);
    if (operation !== "remove" || !path.startsWith("/store/commitlog/")) return failure;
    const files = this.paths("store/commitlog");
    if (files.length > 1 && `/${files[0]}` === path) this.onOldestRemoved(path);
    return failure;
  }
}

/** Lives of a store whose files are old after `reservedMs`, at any hour. */
export function agingLives(random: Random, flush: "sync" | "async"): Lives {
  const fs = new WatchedFs();
  const lives = new Lives(random, flush, fs);
  const reservedMs = random.pick([1_000, 10_000, 30_000]);
  const hours = random.below(2) === 0 ? [] : Array.from({ length: 24 }, (_, hour) => hour);
  lives.options = { ...lives.options, retention: { ...RETENTION_DEFAULTS, reservedMs, hours } };
  const { model, options } = lives;
  fs.onOldestRemoved = (path) => {
    const base = Number(path.slice(path.lastIndexOf("/") + 1));
    const age = fs.now() - fs.file(path).modifiedMs;
    if (age < reservedMs && model.cutting.includes(0)) return; // all of them go
    assert(age >= reservedMs, `${path} went at the age of ${age} ms, of ${reservedMs}`);
    model.removable = Math.max(model.removable, base + options.logFileBytes!);
  };
  return lives;
}
