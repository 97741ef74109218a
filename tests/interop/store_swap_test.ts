/** A slave's store is no other than its master's: Java's broker and ours take it over from each other, in any role. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { test } from "../harness.ts";
import { patiently } from "../support/patience.ts";
import type { BrokerNode, By } from "./matrix/nodes.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";
import { compareFolders } from "./stores.ts";

/** A broker: whose program, on which of the two stores. */
interface On {
  readonly by: By;
  readonly store: "a" | "b";
}

/** What runs for a while, and how it ends. */
interface Phase {
  readonly what: string;
  readonly master: On;
  readonly slave?: On;
  readonly end: "SIGTERM" | "SIGKILL";
}

const PHASES: readonly Phase[] = [
  {
    what: "both are new",
    master: { by: "ours", store: "a" },
    slave: { by: "java", store: "b" },
    end: "SIGKILL",
  },
  {
    what: "our slave on the store of a Java slave that was killed",
    master: { by: "java", store: "a" },
    slave: { by: "ours", store: "b" },
    end: "SIGTERM",
  },
  {
    what: "a Java master on the store of our slave, ours on a Java master's",
    master: { by: "java", store: "b" },
    slave: { by: "ours", store: "a" },
    end: "SIGKILL",
  },
  {
    what: "a Java slave on the store of our slave that was killed",
    master: { by: "ours", store: "b" },
    slave: { by: "java", store: "a" },
    end: "SIGKILL",
  },
  {
    what: "our master on the store of a Java slave that was killed",
    master: { by: "ours", store: "a" },
    end: "SIGTERM",
  },
];

test("a slave's store goes from broker to broker, Java's and ours, in any role", async () => {
  await using lab = await StoreLab.start();
  using history = new History(["SwapA", "SwapB"]);
  for (const phase of PHASES) {
    const master = lab.broker(phase.master.by, "master", phase.master.store);
    const slave = phase.slave && lab.broker(phase.slave.by, "slave", phase.slave.store);
    try {
      await live(history, master, slave);
    } catch (error) {
      const said = `${master.said()}\n${slave?.said()}`;
      throw new Error(`${phase.what}: ${error}\n${said}`, { cause: error });
    } finally {
      await Promise.all([master.end(phase.end), slave?.end(phase.end)]);
    }
    if (slave) mustBeEqual(lab, phase);
    for (const on of [phase.master, phase.slave]) {
      if (on) await lab.verify(on.store, phase.end === "SIGTERM");
    }
  }
});

/** Wants from the master what the history says, adds to it, and wants all of it from both. */
async function live(history: History, master: BrokerNode, slave?: BrokerNode): Promise<void> {
  await master.start();
  history.turnTo(master);
  await history.mustBeServed();
  await slave?.start();
  await history.send(40);
  await history.mustBeServed();
  await history.mustHaveKeys();
  if (!slave) return;
  await patiently("the slave is behind", async () => {
    const [from, to] = [await master.bounds(), await slave.bounds()];
    return from !== undefined && from.max === to?.max && to.behind === 0;
  });
  history.turnTo(slave);
  await history.mustBeServed();
  await history.mustHaveKeys();
}

function mustBeEqual(lab: StoreLab, { what, end }: Phase): void {
  const safe = end === "SIGTERM" ? ["consumequeue"] : []; // ours has entries in memory for a second
  for (const part of ["commitlog", ...safe]) {
    const [a, b] = ["a", "b"].map((store) => join(lab.folder(store), part));
    const { difference, chunks } = compareFolders(a, b);
    assertEquals([difference, chunks > 0], [undefined, true], `${what}: ${part}`);
  }
}
