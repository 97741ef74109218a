/** The official Java client on our name server, SYNC_MASTER and slave, each a process of its own. */
import { testTrio } from "./suite.ts";

for (const by of ["deno", "compiled"] as const) {
  testTrio(`Java client, ${by}`, { namesrv: by, master: by, slave: by });
}
