import { assertEquals, assertThrows } from "@std/assert";
import { Acks } from "../../../src/ha/acks.ts";
import { type Line, Slaves } from "../../../src/ha/slaves.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FarEnd } from "../../support/far_end.ts";
import { KeptLog } from "../../support/ha.ts";

const MIB = 1024 * 1024;

class Scene {
  readonly clock = new VirtualClock();
  readonly log = new KeptLog();
  readonly source = { tail: 1_000 };
  readonly acks: Acks;
  readonly slaves: Slaves;
  #port = 40_000;

  constructor(inSyncReplicas = 3) {
    const { clock, log, source } = this;
    this.acks = new Acks({ inSyncReplicas, fallBehindMax: MIB });
    this.slaves = new Slaves({ acks: this.acks, clock, log, source, born: () => 500 });
  }

  /** A connection, named when an id is given. */
  line(host = "10.0.0.7", brokerId?: number, listenPort = 10_911): Line {
    const line = this.slaves.enter(new FarEnd({ host, port: ++this.#port }).conn);
    if (brokerId !== undefined) this.name(line, brokerId, listenPort);
    return line;
  }

  name(line: Line, brokerId: number, listenPort = 10_911): void {
    this.slaves.named(line.host, { brokerId, haPort: line.conn.remote.port, listenPort });
  }

  /** Serves it from 0 and lets it report up to there. */
  copies(line: Line, logOffset: number): Line {
    const follower = line.follower ?? this.slaves.serve(line, 0, 0);
    follower.send(logOffset);
    follower.confirm(logOffset);
    return line;
  }
}

test("two slaves of ours on one host are two", () => {
  const scene = new Scene();
  scene.copies(scene.line("10.0.0.7", 1), 800);
  assertEquals([scene.acks.slaves, scene.acks.state(700)], [1, "unavailable"]);
  scene.copies(scene.line("10.0.0.7", 2, 20_911), 700);
  assertEquals([scene.acks.slaves, scene.acks.confirmed], [2, 700]);
});

test("slaves that do not name themselves are one for each IP, with its highest acknowledgement", () => {
  const scene = new Scene();
  scene.copies(scene.line("10.0.0.7"), 800);
  scene.copies(scene.line("10.0.0.7"), 900);
  assertEquals([scene.acks.slaves, scene.acks.connections, scene.acks.confirmed], [1, 2, 0]);
  scene.copies(scene.line("10.0.0.8"), 850);
  assertEquals([scene.acks.slaves, scene.acks.confirmed], [2, 850]);
});

test("a newer connection of a slave replaces its older one, and what that confirmed counts no more", () => {
  const scene = new Scene(2);
  const old = scene.copies(scene.line("10.0.0.7", 1), 800);
  const fresh = scene.line("10.0.0.7", 1);
  assertEquals([old.gone, fresh.gone, scene.acks.slaves, scene.acks.confirmed], [
    true,
    false,
    0,
    0,
  ]);
  scene.copies(fresh, 500);
  assertEquals([scene.acks.slaves, scene.acks.confirmed], [1, 500]);
  assertEquals(scene.log.with("a newer connection of a slave replaces its older one").length, 1);
});

test("an older connection that is named after a newer one is the one that goes", () => {
  const scene = new Scene();
  const old = scene.line("10.0.0.7");
  const fresh = scene.line("10.0.0.7", 1);
  scene.name(old, 1);
  assertEquals([old.gone, fresh.gone], [true, false]);
});

test("a name that comes again, as it does every 10 s, changes nothing", () => {
  const scene = new Scene();
  const line = scene.copies(scene.line("10.0.0.7", 1), 800);
  scene.name(line, 1);
  assertEquals([line.gone, scene.acks.slaves], [false, 1]);
});

test("a name that comes while it is served moves its acknowledgement to that slave", () => {
  const scene = new Scene();
  const told: number[] = [];
  scene.acks.onConfirmed((confirmed) => told.push(confirmed));
  const one = scene.copies(scene.line("10.0.0.7"), 800);
  const other = scene.copies(scene.line("10.0.0.7"), 700);
  assertEquals([scene.acks.slaves, scene.acks.confirmed], [1, 0]);
  scene.name(one, 1);
  assertEquals([scene.acks.slaves, scene.acks.confirmed, told], [2, 700, [700]]);
  scene.name(other, 2, 20_911);
  assertEquals([scene.acks.slaves, scene.acks.confirmed], [2, 700]);
});

test("one brokerId from two places counts as one slave, closes neither, and is said once", () => {
  const scene = new Scene();
  const lines = [
    scene.copies(scene.line("10.0.0.7", 1), 800),
    scene.copies(scene.line("10.0.0.8", 1), 800),
    scene.copies(scene.line("10.0.0.8", 1, 20_911), 800),
  ];
  assertEquals(lines.map(({ gone }) => gone), [false, false, false]);
  assertEquals([scene.acks.slaves, scene.acks.confirmed], [1, 0]);
  assertEquals(scene.log.with("same brokerId").length, 1);
});

test("a name that came too long before its connection is somebody else's", async () => {
  for (const { ms, key } of [{ ms: 5_000, key: "id 1" }, { ms: 5_001, key: "ip 10.0.0.7" }]) {
    const scene = new Scene();
    scene.slaves.named("10.0.0.7", { brokerId: 1, haPort: 40_001, listenPort: 10_911 });
    await scene.clock.advance(ms);
    assertEquals(scene.line("10.0.0.7").key, key);
  }
});

test("a slave on this machine may name itself from another of its IPs, others may not", () => {
  const { acks, clock, log, source } = new Scene();
  const isOwn = (host: string) => host.startsWith("127.") || host === "10.0.0.1";
  const slaves = new Slaves({ acks, clock, log, source, born: () => 0, isOwn });
  const name = { brokerId: 1, haPort: 40_001, listenPort: 10_911 };
  const here = slaves.enter(new FarEnd({ host: "127.0.0.1", port: 40_001 }).conn);
  const there = slaves.enter(new FarEnd({ host: "10.0.0.7", port: 40_001 }).conn);
  slaves.named("10.0.0.1", name);
  assertEquals([here.key, there.key], ["id 1", "ip 10.0.0.7"]);
  slaves.named("127.0.0.1", { ...name, haPort: 40_002 });
  assertEquals(slaves.enter(new FarEnd({ host: "10.0.0.1", port: 40_002 }).conn).key, "id 1");
});

test("sentTo() knows what a slave was sent, on this connection or one before, and of nobody else", () => {
  const scene = new Scene();
  const old = scene.copies(scene.line("10.0.0.7"), 800);
  assertEquals(scene.slaves.sentTo(scene.line("10.0.0.7")), 800);
  scene.slaves.close(old);
  assertEquals(scene.slaves.sentTo(scene.line("10.0.0.7")), 800);
  assertEquals(scene.slaves.sentTo(scene.line("10.0.0.8")), 0);
  assertEquals(scene.slaves.sentTo(scene.line("10.0.0.7", 1)), 0);
  scene.copies(scene.line("10.0.0.7", 1), 900);
  assertEquals(scene.slaves.sentTo(scene.line("10.0.0.8", 1)), 0, "the same id elsewhere");
});

test("cut() forgets what was sent above it, and ends who got that", () => {
  const scene = new Scene();
  const above = scene.copies(scene.line("10.0.0.7"), 800);
  const below = scene.copies(scene.line("10.0.0.8"), 300);
  const unserved = scene.line("10.0.0.9");
  scene.slaves.cut(400);
  assertEquals([above.gone, below.gone, unserved.gone], [true, false, true]);
  const sent = (host: string) => scene.slaves.sentTo(scene.line(host));
  assertEquals([sent("10.0.0.7"), sent("10.0.0.8")], [400, 300]);
});

test("lowestNeeded is where the slave that is furthest behind says it is", () => {
  const scene = new Scene();
  assertEquals(scene.slaves.lowestNeeded, undefined);
  scene.line("10.0.0.5");
  assertEquals(scene.slaves.lowestNeeded, undefined, "it has not said where it is");
  scene.copies(scene.line("10.0.0.7"), 800);
  const far = scene.line("10.0.0.8");
  scene.slaves.serve(far, 300, 300).send(700);
  assertEquals(scene.slaves.lowestNeeded, 300, "sent is not there yet");
  scene.slaves.close(far);
  assertEquals(scene.slaves.lowestNeeded, 800);
});

test("reported() says once that a slave is in sync, and when it falls behind", () => {
  const scene = new Scene();
  const line = scene.copies(scene.line("10.0.0.7", 1), 999);
  const report = () => scene.slaves.reported(line);
  report();
  scene.copies(line, 1_000);
  report();
  scene.source.tail += 100;
  report();
  assertEquals(scene.log.lines, [
    'a slave is in sync {"remote":"10.0.0.7:10911","slave":1,"end":1000}',
  ]);
  scene.source.tail = 1_000 + MIB;
  report();
  report();
  assertEquals(scene.log.with(`fell behind`).length, 1);
});

test("of those that do not speak the host with most makes room, those with a name last", () => {
  const scene = new Scene();
  const named = scene.line("10.6.6.6", 1);
  const real = scene.line("10.0.0.7");
  const mute = Array.from({ length: 300 }, () => scene.line("10.6.6.6"));
  assertEquals([named.gone, real.gone], [false, false]);
  assertEquals(mute.map(({ gone }) => gone).lastIndexOf(true), 45);
  assertEquals(mute.filter(({ gone }) => gone).length, 46);
});

test("serve(): an IP without names has eight connections, the first that confirmed nothing makes room", () => {
  const scene = new Scene();
  const real = scene.copies(scene.line("10.0.0.7"), 800);
  const idle = Array.from({ length: 7 }, () => scene.line("10.0.0.7"));
  for (const line of idle) scene.slaves.serve(line, 0, 0);
  const next = scene.copies(scene.line("10.0.0.7"), 900);
  assertEquals([real.gone, next.gone], [false, false]);
  assertEquals(idle.map(({ gone }) => gone), [true, ...Array(6).fill(false)]);
  for (const line of idle.slice(1)) scene.copies(line, 100);
  assertThrows(() => scene.slaves.serve(scene.line("10.0.0.7"), 0, 0), Error, "that is enough");
});

test("serve(): a slave with a name finds room though 64 others hold it", () => {
  const scene = new Scene();
  for (let i = 0; i < 64; i++) scene.slaves.serve(scene.line(`10.1.${i >> 3}.6`), 0, 0);
  const line = scene.copies(scene.line("10.0.0.7", 1), 800);
  assertEquals([line.gone, scene.acks.connections], [false, 64]);
});
