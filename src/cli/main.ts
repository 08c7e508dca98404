#!/usr/bin/env node
import { Interrupted } from './exit-codes.js';
import { runCommandLine } from './run-command-line.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The first one lets the work end tidily; a second one ends the process the hard way.
  process.once(signal, () => stop.abort(new Interrupted('Stopped.')));
}
// The reader of our output has gone (`… | head`): nobody is left to tell.
process.stdout.on('error', () => process.exit(1));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
});
