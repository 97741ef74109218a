import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { CorruptLogError } from "../../../src/base/errors.ts";
import { AutoSave, JsonFile } from "../../../src/base/json_file.ts";
import { type Log, silentLog } from "../../../src/base/log.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { everySeed } from "../../support/seeds.ts";

const parse = (text: string) => JSON.parse(text) as unknown;

function fileIn(fs: MemFs, log: Log = silentLog): JsonFile {
  return new JsonFile(fs.dir("/config"), "t.json", log);
}

/** A log that keeps what was said above info. */
function heard(): Log & { said: string[] } {
  const said: string[] = [];
  const keep = (message: string) => void said.push(message);
  return { ...silentLog, warn: keep, error: keep, said };
}

test("save() replaces the file, keeps the previous one and leaves nothing else", async () => {
  const fs = new MemFs();
  const file = fileIn(fs);
  await file.save("1");
  await file.save("2");
  assertEquals(fs.paths("/config"), ["config/t.json", "config/t.json.bak"]);
  assertEquals(fs.bytes("/config/t.json"), utf8("2"));
  assertEquals(fs.bytes("/config/t.json.bak"), utf8("1"));
  assertEquals(fileIn(fs).load(parse), 2);
  assertEquals(fs.open, 0);
});

test("save() has the copy before the last go beside other work, not by a rename over it", async () => {
  const fs = new MemFs();
  const dir = fs.dir("/config");
  const gone: string[] = [];
  const discard = dir.discard.bind(dir);
  dir.discard = (name) => {
    gone.push(name);
    return discard(name);
  };
  const rename = dir.rename.bind(dir);
  dir.rename = (from, to) => {
    assertEquals(dir.stat(to), undefined, `${from} would take the place of ${to}`);
    rename(from, to);
  };
  const file = new JsonFile(dir, "t.json", silentLog);
  for (const text of ["1", "2", "3", "4"]) await file.save(text);
  assertEquals(gone, ["t.json.bak", "t.json.bak"]);
  assertEquals(fs.bytes("/config/t.json.bak"), utf8("3"));
});

for (
  const { name, main, bak, gives, says } of [
    { name: "neither is there", gives: undefined, says: 0 },
    { name: "the file is fine", main: "1", bak: "2", gives: 1, says: 0 },
    { name: "the file is missing", bak: "2", gives: 2, says: 1 },
    { name: "the file is empty", main: "", bak: "2", gives: 2, says: 1 },
    { name: "the file is blank", main: " \n", bak: "2", gives: 2, says: 1 },
    { name: "the file is cut short", main: '{"a":', bak: "2", gives: 2, says: 1 },
    { name: "the file is empty and alone", main: "", gives: undefined, says: 1 },
    { name: "both are empty", main: "", bak: "", gives: undefined, says: 1 },
  ]
) {
  test(`load() gives what can be read: ${name}`, () => {
    const fs = new MemFs();
    if (main !== undefined) fs.put("/config/t.json", utf8(main));
    if (bak !== undefined) fs.put("/config/t.json.bak", utf8(bak));
    const log = heard();
    assertEquals(fileIn(fs, log).load(parse), gives);
    assertEquals(log.said.length, says);
  });
}

for (
  const { name, main, bak } of [
    { name: "no .bak", main: "{" },
    { name: "an empty .bak", main: "{", bak: "" },
    { name: "both damaged", main: "{", bak: "[" },
    { name: "only a damaged .bak", bak: "[" },
  ]
) {
  test(`load() refuses to start over where a table was lost: ${name}`, () => {
    const fs = new MemFs();
    if (main !== undefined) fs.put("/config/t.json", utf8(main));
    if (bak !== undefined) fs.put("/config/t.json.bak", utf8(bak));
    const error = assertThrows(() => fileIn(fs).load(parse), CorruptLogError);
    assert(error.message.startsWith("/config/t.json at byte 0:"), error.message);
  });
}

test("a damaged file does not push out the good .bak it was replaced by", async () => {
  const fs = new MemFs();
  fs.put("/config/t.json", utf8("{"));
  fs.put("/config/t.json.bak", utf8("1"));
  const file = fileIn(fs);
  assertEquals(file.load(parse), 1);
  await file.save("2");
  assertEquals(fs.bytes("/config/t.json"), utf8("2"));
  assertEquals(fs.bytes("/config/t.json.bak"), utf8("1"));
});

for (const operation of ["open", "write", "sync", "rename"] as const) {
  for (const nth of [1, 2]) {
    test(`save() that fails (${operation} ${nth}) says so and loses nothing`, async () => {
      const fs = new MemFs();
      await fileIn(fs).save("1");
      let count = 0;
      fs.fault = (each, path) =>
        each === operation && path.startsWith("/config") && ++count === nth
          ? { error: new FsError("full", "the disk is full") }
          : undefined;
      const saved = fileIn(fs).save("2").then(() => true, () => false);
      // There is one open and one write in a save: the second never comes.
      const comes = nth === 1 || operation === "sync" || operation === "rename";
      assertEquals(await saved, !comes);
      fs.fault = undefined;
      const value = fileIn(fs).load(parse);
      assert(value === 1 || value === 2, `loads ${value}`);
      assertEquals(fs.open, 0);
      await fileIn(fs).save("3");
      assertEquals(fileIn(fs).load(parse), 3);
    });
  }
}

test("a table that was saved is there after a power cut, however new its folders are", () =>
  everySeed(20, async (random) => {
    const fs = new MemFs();
    const dir = fs.dir("/a/b/config");
    if (random.below(2) === 0) {
      fs.put("/a/b/other", new Uint8Array(0));
      dir.make(); // by a process that died at once
    }
    await new JsonFile(dir, "t.json", silentLog).save("1");
    fs.powerCut(random);
    assertEquals(new JsonFile(fs.dir("/a/b/config"), "t.json", silentLog).load(parse), 1);
  }));

for (const failing of ["/", "/a", "/a/b"]) {
  test(`a table is not saved while the disk fails to sync ${failing}, which names its folder`, () =>
    everySeed(20, async (random) => {
      const fs = new MemFs();
      fs.put("/z", new Uint8Array(0));
      const dir = fs.dir("/a/b/config");
      const error = new FsError("other", "cannot sync");
      fs.fault = (kind, path) => kind === "sync" && path === failing ? { error } : undefined;
      for (let tries = 0; tries < 3; tries++) {
        const file = new JsonFile(dir, "t.json", silentLog); // as the next process has it
        await assertRejects(() => file.save("1"), FsError, "cannot sync");
        await assertRejects(() => file.save("2"), FsError, "cannot sync");
      }
      fs.fault = undefined;
      await new JsonFile(dir, "t.json", silentLog).save("3");
      fs.powerCut(random);
      assertEquals(new JsonFile(fs.dir("/a/b/config"), "t.json", silentLog).load(parse), 3);
    }));
}

test("a folder above that this process may not sync is left to who made it", async () => {
  const fs = new MemFs();
  fs.put("/a/other", new Uint8Array(0));
  const error = new FsError("denied", "may not read /");
  fs.fault = (kind, path) => kind === "sync" && path === "/" ? { error } : undefined;
  const file = new JsonFile(fs.dir("/a/config"), "t.json", silentLog);
  await file.save("1");
  assertEquals(file.load(parse), 1);
});

test("after a power cut in the middle of save() a whole table is there", () =>
  everySeed(300, async (random) => {
    const fs = new MemFs();
    fs.put("/config/t.json", utf8("1"));
    await fileIn(fs).save("2");
    const turns = random.below(8);
    const saving = fileIn(fs).save("3").catch(() => {});
    for (let i = 0; i < turns; i++) await undefined;
    fs.powerCut(random);
    await saving;
    const value = fileIn(fs).load(parse);
    assert(value === 2 || value === 3, `loads ${value}`);
    await fileIn(fs).save("4");
    assertEquals(fileIn(fs).load(parse), 4);
  }));

function autoSaved(fs: MemFs, log: Log = silentLog, intervalMs = 1000) {
  fs.fault = () => undefined; // calls are counted only where one may fail
  const clock = new VirtualClock();
  const state = { value: 0 };
  const save = new AutoSave({
    file: fileIn(fs),
    clock,
    log,
    intervalMs,
    text: () => String(state.value),
  });
  return { clock, save, state, stored: () => fileIn(fs).load(parse) };
}

test("AutoSave writes once for all changes of an interval, and nothing without one", async () => {
  const fs = new MemFs();
  const { clock, save, state, stored } = autoSaved(fs);
  await clock.advance(5000);
  assertEquals(fs.counts.write, 0);
  for (state.value = 1; state.value < 10; state.value++) save.changed();
  await clock.advance(999);
  assertEquals(fs.counts.write, 0);
  await clock.advance(1);
  assertEquals([stored(), fs.counts.write, clock.waiting], [10, 1, 0]);
});

test("AutoSave.flush() writes now, and again what changed while it wrote", async () => {
  const fs = new MemFs();
  const { clock, save, state, stored } = autoSaved(fs);
  state.value = 1;
  save.changed();
  const flushed = save.flush();
  state.value = 2;
  save.changed();
  await flushed;
  assertEquals([stored(), fs.counts.write, clock.waiting], [2, 2, 0]);
});

test("AutoSave says a failed write once and tries it again, a second later at least", async () => {
  const fs = new MemFs();
  const log = heard();
  const { clock, save, state, stored } = autoSaved(fs, log, 50);
  fs.dir("/config").make();
  let tries = 0;
  fs.fault = (operation) => {
    if (operation === "sync") return undefined;
    tries += operation === "open" ? 1 : 0;
    return { error: new FsError("full", "the disk is full") };
  };
  state.value = 1;
  save.changed();
  await clock.advance(5000);
  assertEquals([tries, log.said], [5, ["cannot write a table"]]);
  fs.fault = undefined;
  await clock.advance(1000);
  assertEquals([stored(), log.said.length, clock.waiting], [1, 1, 0]);
});

test("AutoSave.flush() rejects when the write fails", async () => {
  const fs = new MemFs();
  const { save } = autoSaved(fs);
  fs.fault = () => ({ error: new FsError("full", "the disk is full") });
  save.changed();
  await assertRejects(() => save.flush(), FsError, "the disk is full");
  await save.close();
});

test("AutoSave.close() writes what is left and leaves no timer", async () => {
  const fs = new MemFs();
  const { clock, save, state, stored } = autoSaved(fs);
  state.value = 1;
  save.changed();
  await save.close();
  assertEquals([stored(), clock.waiting], [1, 0]);
});

test("AutoSave.close() on a broken disk ends, and says what was lost", async () => {
  const fs = new MemFs();
  const log = heard();
  const { clock, save } = autoSaved(fs, log);
  fs.fault = () => ({ error: new FsError("other", "the disk is gone") });
  save.changed();
  await save.close();
  assertEquals([log.said, clock.waiting], [["cannot write a table"], 0]);
});
