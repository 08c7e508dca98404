import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { makeLabel } from '../../src/archive/label.js';
import { openArchive } from '../../src/archive/open-archive.js';
import type { AuditEntry, AuditLog } from '../../src/audit.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { createFileAudit } from '../../src/nightly/log/file-audit.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { salvageArchive } from '../../src/recovery/salvage-archive.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { runHere } from '../cli/support.js';
import { noModes } from '../support/needs.js';
import { anyKind, describeOnEachServer } from '../support/servers.js';
import { seal } from './seal.js';

type Line = AuditEntry & { readonly at: string; readonly who: string; readonly host: string };

async function linesIn(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8');
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

function remember(): { readonly audit: AuditLog; readonly entries: AuditEntry[] } {
  const entries: AuditEntry[] = [];
  return { entries, audit: { write: async (entry) => void entries.push(entry) } };
}

describe('an audit in a file', () => {
  let folder = '';
  let archive: Uint8Array;
  let identity = '';
  let archivePath = '';
  let keyPath = '';
  const label = makeLabel(sampleLabel);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-'));
    identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    archive = await collectBytes(encryptArchive(sampleParts(), { recipients, label }));
    archivePath = join(folder, 'office.tar.age');
    keyPath = join(folder, 'key.txt');
    await writeFile(archivePath, archive);
    await writeFile(keyPath, `${identity}\n`);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('says who opened which archive when, and who could not; lines are only added, and only the owner reads them', async () => {
    const path = join(folder, 'made', 'audit.jsonl');
    const at = new Date('2026-02-03T04:05:06Z');
    const audit = createFileAudit({ path, who: 'Anna\n"x"', facts: { sha256: 'ab' }, now: () => at });
    const source = rangesOfBytes(archive);
    (await openArchive(source, { identities: [identity], audit })).close();
    const stranger = await generateX25519Identity();
    await assert.rejects(
      collectBytes(
        (async function* () {
          for await (const _ of decryptArchive(archive, { identities: [stranger], audit }))
            yield new Uint8Array();
        })(),
      ),
      (error) => isBackupError(error, 'wrong-key'),
    );
    const lines = await linesIn(path);
    assert.equal(lines.length, 2);
    const common = { at: at.toISOString(), who: 'Anna\n"x"', sha256: 'ab', archiveId: label.archiveId };
    const [first, second] = lines.map(({ host: _, ...line }) => ({ ...line, pid: 0 }));
    assert.deepEqual(first, { ...common, pid: 0, action: 'open', outcome: 'done' });
    assert.deepEqual(second, { ...common, pid: 0, action: 'open', outcome: 'failed', code: 'wrong-key' });
    if (!noModes) assert.equal((await stat(path)).mode & 0o777, 0o600);
    const text = await readFile(path, 'utf8');
    assert.ok(!text.includes(identity) && !text.includes(stranger));
  });

  it('that cannot be written is told, and stands in nobody’s way', async () => {
    const path = join(folder, 'in-the-way');
    await mkdir(path);
    const lost: string[] = [];
    const audit = createFileAudit({ path, onLost: (message) => lost.push(message) });
    const reader = await openArchive(rangesOfBytes(archive), { identities: [identity], audit });
    assert.equal(reader.manifest.archiveId, label.archiveId);
    assert.deepEqual(lost, [`The audit file ${path} cannot be written (EISDIR).`]);
    const failing: AuditLog = { write: () => Promise.reject(new Error('full')) };
    await openArchive(rangesOfBytes(archive), { identities: [identity], audit: failing });
  });

  it('is kept by the command line: --audit, the environment, or where programs keep theirs', async () => {
    const out = ['--format', 'csv', '--out', join(folder, 'csv'), '--identity', keyPath];
    const named = join(folder, 'named.jsonl');
    const made = await runHere(['extract', archivePath, ...out, '--audit', named]);
    assert.equal(made.code, 0, made.stderr);
    const deeds = (await linesIn(named)).map(({ action, outcome, archiveId }) => [
      action,
      outcome,
      archiveId,
    ]);
    assert.deepEqual(deeds, [
      ['open', 'done', label.archiveId],
      ['extract', 'begun', label.archiveId],
      ['extract', 'done', label.archiveId],
    ]);
    const byName = join(folder, 'environment.jsonl');
    const verify = ['verify', archivePath, '--identity', keyPath];
    await runHere(verify, { env: { SUPPLEMENTAL_BACKUP_AUDIT: byName } });
    assert.equal((await linesIn(byName)).length, 1);
    const home = join(folder, 'state');
    const usual = { SUPPLEMENTAL_BACKUP_AUDIT: undefined, XDG_STATE_HOME: home, LOCALAPPDATA: home };
    await runHere(verify, { env: usual });
    assert.equal((await linesIn(join(home, 'supplemental-backup', 'audit.jsonl'))).length, 1);
    const full = await runHere(verify, { env: { SUPPLEMENTAL_BACKUP_AUDIT: folder } });
    assert.equal(full.code, 0);
    assert.match(full.stderr, /The audit file .* cannot be written/);
    const tar = [
      'extract',
      archivePath,
      '--format',
      'tar',
      '--out',
      join(folder, 'tar'),
      '--identity',
      keyPath,
    ];
    await runHere([...tar, '--audit', join(folder, 'tar.jsonl')]);
    assert.deepEqual(
      (await linesIn(join(folder, 'tar.jsonl'))).map(({ action, outcome }) => [action, outcome]),
      [
        ['extract', 'begun'],
        ['extract', 'done'],
      ],
    );
  });
});

describeOnEachServer(
  'an audit of what is put into a database',
  (server) => {
    it('names restore, rehearsal and salvage, each with its target, its beginning and its end', async () => {
      await server().query([
        'CREATE DATABASE audited CHARACTER SET utf8',
        'CREATE TABLE audited.patient (PatNum INT PRIMARY KEY, LName VARCHAR(20)) ENGINE=MyISAM',
        "INSERT INTO audited.patient VALUES (1, 'Secretname')",
      ]);
      const sealed = await seal({ ...server().address, database: 'audited' });
      const archive = await sealed.open();
      const { archiveId } = archive.manifest;
      const { audit, entries } = remember();
      const into = (database: string) => ({ ...server().address, database });
      await restoreDatabase(archive, into('audited_back'), { audit });
      await assert.rejects(restoreDatabase(archive, into('audited'), { audit, tables: ['patient'] }));
      await rehearseRestore(archive, server().address, { audit, scratchName: 'audited_scratch' });
      const { identities } = sealed;
      await salvageArchive(rangesOfBytes(sealed.bytes), into('audited_saved'), { identities, audit });
      assert.deepEqual(
        entries.map(({ action, outcome, target, code }) => [action, outcome, target?.split(' ')[0], code]),
        [
          ['restore', 'begun', 'audited_back', undefined],
          ['restore', 'done', 'audited_back', undefined],
          ['restore', 'begun', 'audited', undefined],
          ['restore', 'failed', 'audited', 'target-refused'],
          ['rehearse', 'begun', 'audited_scratch', undefined],
          ['rehearse', 'done', 'audited_scratch', undefined],
          ['open', 'done', undefined, undefined],
          ['salvage', 'begun', 'audited_saved', undefined],
          ['salvage', 'done', 'audited_saved', undefined],
        ],
      );
      assert.ok(entries.every((entry) => entry.archiveId === archiveId));
      assert.ok(!JSON.stringify(entries).includes('Secretname'));
      archive.close();
    });
  },
  { kinds: [anyKind('mariadb')] },
);
