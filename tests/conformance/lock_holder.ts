// Tries the lock of the folder named in its first argument, says "locked" or "refused", and holds on.
import { pickRuntime } from "../../src/adapters/pick.ts";

const { runtime, terminal } = await pickRuntime();
const lock = runtime.fs.dir(terminal.args[0]).lock("lock");
terminal.stdout(lock ? "locked\n" : "refused\n");
await terminal.stdin(); // until the test is done
lock?.[Symbol.dispose]();
