#!/usr/bin/env node
import { keepCompiled } from './compile-cache.js';
import { Interrupted } from './exit-codes.js';
import { hasLeftCalls } from './giving-up.js';
import { runCommandLine } from './run-command-line.js';
import { stdoutFailure } from './wording/stdout-failure.js';

const stop = new AbortController();
const signals = ['SIGINT', 'SIGTERM'] as const;
// The first one lets the work end tidily. After that the system ends the process at the next one, whichever
// it is: then nothing of the program has to be awake for it.
const onSignal = (): void => {
  for (const signal of signals) process.off(signal, onSignal);
  stop.abort(new Interrupted('Stopped.'));
};
for (const signal of signals) process.on(signal, onSignal);
// The reader of our output has gone (`… | head`): nobody is left to tell. Anything else, such as a full disk
// behind `>`, is told: what was written so far is no whole result.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`${stdoutFailure(error.code)}\n`);
  process.exit(1);
});
process.stderr.on('error', () => undefined);

keepCompiled(process.env);
// It never rejects; nothing waits at the top level, so that all can be bundled into one program.
void runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
}).then((exitCode) => {
  process.exitCode = exitCode;
  if (!hasLeftCalls()) return;
  // A file that never answers: the system waits for such a call at every other end of a program.
  process.stdout.write('', () => process.stderr.write('', () => process.kill(process.pid, 'SIGKILL')));
});
