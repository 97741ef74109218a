// What the process looks like from inside, for terminal_test.ts. The first argument says what to do.
import { pickRuntime } from "../../src/adapters/pick.ts";

const { terminal } = await pickRuntime();

if (terminal.args[0] === "describe") {
  const { args, workDir, stdinIsTerminal, stdoutIsTerminal, stderrIsTerminal } = terminal;
  const input = new TextDecoder().decode(await terminal.stdin());
  const hint = terminal.env.POCKETMQ_HINT;
  terminal.stdout(
    JSON.stringify({
      ...{ args, workDir, stdinIsTerminal, stdoutIsTerminal, stderrIsTerminal, hint, input },
    }),
  );
  terminal.stderr("and this is talk\n");
  terminal.exit(3);
}

if (terminal.args[0] === "ask") {
  const line = await terminal.line();
  terminal.stdout(JSON.stringify({ line, none: line === undefined }));
  terminal.exit(0);
}

if (terminal.args[0] === "wait") {
  let signals = 0;
  terminal.onStopSignal((signal) => {
    terminal.stdout(`${signal}\n`);
    if (++signals === 2) terminal.exit(0);
  });
  terminal.stdout("waiting\n");
  setInterval(() => {}, 60_000);
}

if (terminal.args[0] === "pour") {
  terminal.stdout("x".repeat(1_000_000)); // more than a pipe holds
  terminal.exit(0);
}

if (terminal.args[0] === "pour for ever") {
  for (;;) terminal.stdout("x".repeat(1_000_000));
}
