import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { expectTypeOf } from 'expect-type';
import {
  type AdminCandidate,
  type ArchiveReader,
  type BackupError,
  type BackupErrorCode,
  type ByteSource,
  type Consistency,
  type DatabaseAddress,
  decryptArchive,
  dumpDatabase,
  encryptArchive,
  errorExplanations,
  type GetOptions,
  isBackupError,
  type LastAdmin,
  type Manifest,
  openArchive,
  type Part,
  type Recipient,
  type restoreDatabase,
  type SealedArchive,
  type Secret,
  type StorageAdapter,
  type Unlock,
} from '../../src/index.js';
import type { Spool } from '../../src/nightly/run/spool.js';

// What is wrong here does not compile; nothing is left to check when it runs.

test('the stations of a backup fit together', () => {
  expectTypeOf(dumpDatabase).returns.toExtend<AsyncIterable<Part>>();
  expectTypeOf(encryptArchive).parameter(0).toEqualTypeOf<AsyncIterable<Part>>();
  expectTypeOf(encryptArchive).returns.toEqualTypeOf<SealedArchive>();
  expectTypeOf<SealedArchive>().toExtend<ByteSource>();
  expectTypeOf<SealedArchive>().toExtend<Parameters<typeof decryptArchive>[0]>();
  expectTypeOf(decryptArchive).returns.toExtend<Parameters<typeof restoreDatabase>[0]>();
  expectTypeOf(openArchive).returns.resolves.toEqualTypeOf<ArchiveReader>();
  expectTypeOf<ArchiveReader>().toExtend<Parameters<typeof restoreDatabase>[0]>();
  expectTypeOf<StorageAdapter['get']>().returns.toExtend<ByteSource>();
});

test('what is not sealed does not fit where archives are kept', () => {
  type Spooled = Parameters<Spool['write']>[0];
  expectTypeOf<SealedArchive>().toExtend<Spooled>();
  // A dump, rows turned into bytes, bytes from anywhere: none of them comes with the label that only sealing
  // gives.
  expectTypeOf<AsyncIterable<Part>>().not.toExtend<Spooled>();
  expectTypeOf<AsyncIterable<Uint8Array>>().not.toExtend<Spooled>();
  expectTypeOf<ReadableStream<Uint8Array>>().not.toExtend<Spooled>();
  expectTypeOf<Part>().not.toExtend<ByteSource>();
  expectTypeOf<SealedArchive>().not.toExtend<Parameters<typeof restoreDatabase>[0]>();
});

test('a stored password is asked for by name', () => {
  expectTypeOf<AdminCandidate['storedPassword']>().toEqualTypeOf<Secret>();
  expectTypeOf<Secret>().not.toExtend<string>();
  expectTypeOf<string>().not.toExtend<Secret>();
});

test('an error guard narrows to its code', () => {
  const thrown: unknown = undefined;
  if (isBackupError(thrown, 'wrong-key')) {
    expectTypeOf(thrown).toExtend<BackupError>();
    expectTypeOf(thrown.code).toEqualTypeOf<'wrong-key'>();
  }
  if (isBackupError(thrown)) expectTypeOf(thrown.code).toEqualTypeOf<BackupErrorCode>();
  expectTypeOf(errorExplanations).toBeObject();
  expectTypeOf<keyof typeof errorExplanations>().toEqualTypeOf<BackupErrorCode>();
});

test('what was found is told by its kind, and carries what belongs to it', () => {
  expectTypeOf<LastAdmin['kind']>().toEqualTypeOf<
    'found' | 'never-logged-in' | 'no-admin' | 'no-password' | 'unsupported-hash'
  >();
  expectTypeOf<Extract<LastAdmin, { kind: 'found' }>>().toHaveProperty('admin');
  expectTypeOf<Extract<LastAdmin, { kind: 'no-admin' }>>().not.toHaveProperty('admin');
  expectTypeOf<Part['kind']>().toEqualTypeOf<'database' | 'objects' | 'rows' | 'summary' | 'table'>();
  expectTypeOf<Unlock['kind']>().toEqualTypeOf<'enrolled' | 'stored-hash'>();
  expectTypeOf<Extract<Consistency, { kind: 'per-table' }>>().toHaveProperty('reason');
});

test('options are read-only, and an absent one may as well be undefined', () => {
  expectTypeOf<{ readonly user: 'x'; readonly host: undefined }>().toExtend<DatabaseAddress>();
  expectTypeOf<GetOptions>().toEqualTypeOf<Readonly<GetOptions>>();
  expectTypeOf<Manifest['tables']>().not.toExtend<unknown[]>();
});

test('every optional property that a caller gives takes undefined', () => {
  const given =
    /(Options|Plan|Policy|Address|Keys|PartFilter|Schedule|Thresholds|Rule|Practice|Allowance|Basics)$/;
  const strict = readdirSync('etc').flatMap((file) => {
    let owner = '';
    return readFileSync(`etc/${file}`, 'utf8')
      .split('\n')
      .filter((line) => {
        owner = /^export (?:interface|type) (\w+)/.exec(line)?.[1] ?? owner;
        return (
          given.test(owner) && /^ {4}(?:readonly )?\w+\?: .*;$/.test(line) && !/undefined|unknown/.test(line)
        );
      });
  });
  assert.deepEqual(strict, []);
});

test('a recipient is a text or an implementation of one’s own', () => {
  type Recipients = Parameters<typeof encryptArchive>[1]['recipients'];
  expectTypeOf<readonly string[]>().toExtend<Recipients>();
  expectTypeOf<readonly Recipient[]>().toExtend<Recipients>();
  expectTypeOf<string>().not.toExtend<Recipients>();
});
