/**
 * Debug output: statements, calls of stores, archives, restores and nights, with durations, sizes and
 * retries, and never a value, a key or a password. Off unless `NODE_DEBUG` names a channel or `--verbose` is
 * given.
 */
import { debuglog } from 'node:util';
import { escapeControls } from './escape-controls.js';

/** Facts of a line. */
export type DiagnosisFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * A channel of debug lines. Callers check first whether it is on, so that it costs nothing when it is off.
 */
export interface Channel {
  readonly isOn: boolean;
  tell(what: string, facts: DiagnosisFacts): void;
}

class NamedChannel implements Channel {
  readonly name: string;
  isOn: boolean;
  readonly #log: (format: string, line: string) => void;
  readonly #isWanted: boolean;
  #write: ((line: string) => void) | undefined;

  constructor(kind: string) {
    this.name = `supplemental-backup:${kind}`;
    const log = debuglog(this.name);
    this.#log = log;
    this.#isWanted = log.enabled;
    this.isOn = log.enabled;
  }

  sendTo(write: ((line: string) => void) | undefined): void {
    this.#write = write;
    this.isOn = this.#isWanted || write !== undefined;
  }

  tell(what: string, facts: DiagnosisFacts): void {
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    const line = escapeControls(
      `${what}${known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('')}`,
    );
    if (this.#write === undefined) this.#log('%s', line);
    else this.#write(`${this.name}: ${line}`);
  }
}

/** The channels, each `supplemental-backup:` and its name here. */
export const diagnosis: Readonly<Record<'archive' | 'night' | 'restore' | 'sql' | 'storage', NamedChannel>> =
  {
    archive: new NamedChannel('archive'),
    night: new NamedChannel('night'),
    restore: new NamedChannel('restore'),
    sql: new NamedChannel('sql'),
    storage: new NamedChannel('storage'),
  };

/** Turns all channels on. @returns a function that turns them off again */
export function sendDiagnosisTo(write: (line: string) => void): () => void {
  for (const channel of Object.values(diagnosis)) channel.sendTo(write);
  return () => {
    for (const channel of Object.values(diagnosis)) channel.sendTo(undefined);
  };
}

/** Whole milliseconds since a moment of `performance.now()`. */
export function millisecondsSince(start: number): number {
  return Math.round(performance.now() - start);
}
