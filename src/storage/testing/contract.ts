import { assertArgument } from '../../arguments.js';
import { collectBytes } from '../../bytes.js';
import type { StorageAdapter } from '../adapter.js';
import { atomicityChecks } from './atomicity-checks.js';
import { failureChecks } from './failure-checks.js';
import type { ContractBench } from './named-check.js';
import { namingChecks } from './naming-checks.js';
import { readingChecks } from './reading-checks.js';
import { demand } from './violation.js';
import { watchForSecrets } from './watch-for-secrets.js';
import { writingChecks } from './writing-checks.js';

/** What the suite is to prove. */
export interface ContractSubject {
  /**
   * Gives an adapter on one and the same store. Called several times: a second adapter stands for another
   * machine that looks at the store.
   */
  readonly create: () => StorageAdapter | Promise<StorageAdapter>;
  /** All keys of the suite begin with this. @defaultValue `contract` */
  readonly prefix?: string | undefined;
  /** A size that the adapter sends in several parts, in bytes. @defaultValue 1 MiB */
  readonly severalParts?: number | undefined;
  /** A number of objects that the store lists in more than one page. @defaultValue 25 */
  readonly severalPages?: number | undefined;
  /** Texts that no message may hold: passwords, keys, tokens. */
  readonly secrets?: readonly string[] | undefined;
  /**
   * Adapters that cannot do their work: a wrong password, a server that is not there, a bucket that nobody
   * made. What they throw is to be typed, and to hold no secret.
   */
  readonly broken?: readonly (() => StorageAdapter | Promise<StorageAdapter>)[] | undefined;
  /** How long a new object may take to be seen by another adapter, in milliseconds. @defaultValue 0 */
  readonly settleWithin?: number | undefined;
}

/** One promise of the contract, ready to be tried in any test framework. */
export interface ContractCheck {
  /** The promise, as a sentence. */
  readonly name: string;
  /** @throws ContractViolation when the promise is not kept; other errors when the store fails */
  run(): Promise<void>;
}

/**
 * The promises of {@link StorageAdapter}, each as a check that any test framework can run.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { storageContract } from 'supplemental-backup/testing';
 *
 * const checks = storageContract({ create: () => createMyStorage() });
 * for (const check of checks) test(check.name, check.run);
 * ```
 */
export function storageContract(subject: ContractSubject): readonly ContractCheck[] {
  assertArgument('subject', subject, 'object', {
    create: 'function',
    prefix: 'text?',
    severalParts: 'number?',
    severalPages: 'number?',
    secrets: 'array?',
    broken: 'array?',
    settleWithin: 'number?',
  });
  const checks = [...writingChecks, ...readingChecks, ...namingChecks, ...atomicityChecks, ...failureChecks];
  return checks.map((check, index) => ({
    name: check.name,
    async run(): Promise<void> {
      const leaks: string[] = [];
      const bench = await openBench(subject, index, leaks);
      try {
        await check.try(bench);
      } finally {
        await tidy(bench);
      }
      demand(leaks.length === 0, `a secret stands in ${leaks.join(', ')}`);
    },
  }));
}

let benches = 0;

async function openBench(subject: ContractSubject, index: number, leaks: string[]): Promise<ContractBench> {
  benches += 1;
  const adapter = watchForSecrets(await subject.create(), subject.secrets ?? [], leaks);
  const other = watchForSecrets(await subject.create(), subject.secrets ?? [], leaks);
  const broken: StorageAdapter[] = [];
  for (const create of subject.broken ?? []) {
    broken.push(watchForSecrets(await create(), subject.secrets ?? [], leaks));
  }
  // Fresh in every run, because some stores let nothing be removed.
  const folder = `${subject.prefix ?? 'contract'}/${Date.now().toString(36)}-${index}-${benches}`;
  return {
    adapter,
    other,
    key: (name) => `${folder}/${name}`,
    severalParts: subject.severalParts ?? 1024 * 1024,
    severalPages: subject.severalPages ?? 25,
    broken,
    read: (from, key) => collectBytes(from.get(key)),
    async keys(from, prefix) {
      const keys: string[] = [];
      for await (const object of from.list(prefix)) keys.push(object.key);
      return keys;
    },
    async settled(isSo) {
      const deadline = performance.now() + (subject.settleWithin ?? 0);
      for (;;) {
        if (await isSo()) return true;
        if (performance.now() >= deadline) return false;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

async function tidy(bench: ContractBench): Promise<void> {
  if (!bench.adapter.capabilities.delete) return;
  for (const key of await bench.keys(bench.adapter, bench.key(''))) await bench.adapter.delete(key);
}
