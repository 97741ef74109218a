/**
 * The same tests against the Java peer alone: what fails here is a fault of the tests, not of ours. Not part of the
 * interop task; run it after a change to the scenarios: `deno test -A tests/interop/control.ts`.
 */
import { testTrio } from "./suite.ts";

testTrio("control, all Java", { namesrv: "java", master: "java", slave: "java" });
