import { runJava } from "./java.ts";
import { type Running, within } from "./processes.ts";

// Lines of their own after what a command printed on stdout and on stderr, see Admin.java.
const ERRORS = "\u0005";
const END = "\u0004";

/** What one mqadmin command printed. */
export interface Printed {
  /** On stdout. */
  readonly out: string;
  /** On stderr: of a command that failed, its exception. */
  readonly err: string;
}

const admins = new Map<string, Admin>();

/** What one mqadmin command prints on stdout. */
export async function mqadmin(home: string, args: readonly string[]): Promise<string> {
  return (await mqadminPrints(home, args)).out;
}

/** Runs one mqadmin command. The commands of a home run in one process, in turn. */
export function mqadminPrints(home: string, args: readonly string[]): Promise<Printed> {
  let admin = admins.get(home);
  if (!admin) admins.set(home, admin = new Admin(home));
  return within(60, `mqadmin ${args.join(" ")}`, admin.ask(args));
}

/** Java's mqadmin, started once: most of a command's time is the start of its process. */
class Admin {
  readonly #program: Running;
  #lines: string[] = [];
  #out = "";
  #ended: (printed: Printed) => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(home: string) {
    const main = "pocketmq.interop.Admin";
    this.#program = runJava(home, ["-Xmx128m"], main, [], (line) => this.#hear(line));
  }

  ask(args: readonly string[]): Promise<Printed> {
    const answer = this.#last.then(() => {
      const ended = new Promise<Printed>((resolve) => this.#ended = resolve);
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
    if (line === ERRORS) this.#out = this.#take();
    else if (line === END) this.#ended({ out: this.#out, err: this.#take() });
    else if (!/RocketMQLog|SLF4J|closeChannel/.test(line)) this.#lines.push(line);
  }

  #take(): string {
    const text = this.#lines.join("\n");
    this.#lines = [];
    return text;
  }
}
