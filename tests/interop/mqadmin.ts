import { runJava } from "./java.ts";
import { type Running, within } from "./processes.ts";

const END = "\u0004"; // the line after a command's output, see Admin.java

const admins = new Map<string, Admin>();

/** What one mqadmin command prints on stdout. The commands of a home run in one process, in turn. */
export function mqadmin(home: string, args: readonly string[]): Promise<string> {
  let admin = admins.get(home);
  if (!admin) admins.set(home, admin = new Admin(home));
  return within(60, `mqadmin ${args.join(" ")}`, admin.ask(args));
}

/** Java's mqadmin, started once: most of a command's time is the start of its process. */
class Admin {
  readonly #program: Running;
  #output: string[] = [];
  #ended: (output: string) => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(home: string) {
    const main = "pocketmq.interop.Admin";
    this.#program = runJava(home, ["-Xmx128m"], main, [], (line) => this.#hear(line));
  }

  ask(args: readonly string[]): Promise<string> {
    const answer = this.#last.then(() => {
      this.#output = [];
      const ended = new Promise<string>((resolve) => this.#ended = resolve);
      this.#program.tell(args.join("\t"));
      const died = this.#program.exited.then((code) => {
        throw new Error(`mqadmin ended with code ${code}: ${this.#program.said()}`);
      });
      return Promise.race([ended, died]);
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  #hear(line: string): void {
    if (line === END) this.#ended(this.#output.join("\n"));
    else if (!/RocketMQLog|SLF4J|closeChannel/.test(line)) this.#output.push(line);
  }
}
