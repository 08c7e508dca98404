#!/usr/bin/env node
import { keepCompiled } from './compile-cache.js';
import { Interrupted } from './exit-codes.js';
import { runCommandLine } from './run-command-line.js';
import { hasAbandonedCalls } from './silence-limit.js';
import { stdoutFailure } from './wording/stdout-failure.js';

const stop = new AbortController();
const signals = ['SIGINT', 'SIGTERM'] as const;
// The first signal ends the work cleanly. The next one is left to the system, which ends the process even if
// the program hangs.
const onSignal = (): void => {
  for (const signal of signals) process.off(signal, onSignal);
  stop.abort(new Interrupted('Stopped.'));
};
for (const signal of signals) process.on(signal, onSignal);
// The reader of our output has gone (`… | head`): nothing to report. Any other failure, such as a full disk
// behind `>`, is reported: the output is incomplete.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`${stdoutFailure(error.code)}\n`);
  process.exit(1);
});
process.stderr.on('error', () => undefined);

keepCompiled(process.env);
// It never rejects. No await at the top level, so that all can be bundled into one program.
void runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
}).then((exitCode) => {
  process.exitCode = exitCode;
  if (!hasAbandonedCalls()) return;
  // Every other way to end a process waits for a call that hangs. One that returns ends the process before.
  const end = (): boolean => process.kill(process.pid, 'SIGKILL');
  setTimeout(() => process.stdout.write('', () => process.stderr.write('', end)), 1000).unref();
});
