import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openConnection } from '../../src/database/connection.js';
import {
  dumpDatabase,
  encryptArchive,
  enrollAdmin,
  readAdmins,
  resolveLastAdmin,
  sealFor,
} from '../../src/index.js';
import { compareDatabases } from '../../src/recovery/index.js';
import { createMemoryEnrollments } from '../../src/testing.js';
import { buildPractice, practiceAdminPassword } from '../practice/index.js';
import { startServer, type TestServer, whyMissing } from '../support/servers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(join(root, 'docs', 'RECOVERY.md'), 'utf8');
const typePassword = join(root, 'test', 'recovery', 'type-password.py');

/** The commands of the page, in its order. */
function commandsOf(section: string): readonly string[] {
  return [...page.matchAll(/^```sh ([\w-]+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === section)
    .map(([, , command]) => command!);
}

function lacks(...programs: readonly string[]): string | false {
  const missing = programs.filter((name) => spawnSync('which', [name]).status !== 0);
  return missing.length === 0 ? false : `${missing.join(', ')} missing`;
}

describe('docs/RECOVERY.md', { skip: whyMissing('mariadb') ?? lacks('python3', 'bash') }, () => {
  let server: TestServer;
  let folder: string;
  let archive: string;
  const practice = (name: string) => ({ ...server.address, database: name });

  before(async () => {
    server = await startServer('mariadb');
    folder = mkdtempSync(join(tmpdir(), 'sb-runbook-'));
    archive = join(folder, 'practice copy.tar.age');
    await buildPractice(server.address, 'practice', { size: 1e6 });
    const store = createMemoryEnrollments();
    const connection = await openConnection(practice('practice'));
    const last = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
    await connection.close();
    assert.ok(last.kind === 'found');
    await enrollAdmin(last.admin, practiceAdminPassword, { store });
    const seal = await sealFor(last, { store });
    const sealed = encryptArchive(dumpDatabase(practice('practice')), {
      recipients: seal.recipients,
      label: {
        practiceId: 'runbook',
        database: 'practice',
        scope: 'full',
        keyHolder: seal.keyHolder,
        unlock: seal.unlock,
      },
    });
    await pipeline(sealed, createWriteStream(archive));
    writeFileSync(join(folder, '.my.cnf'), `[client]\nsocket=${join(server.directory!, 'mysql.sock')}\n`);
    mkdirSync(join(folder, 'bin'));
    const program = join(root, 'dist', 'src', 'cli', 'main.js');
    writeFileSync(
      join(folder, 'bin', 'supplemental-backup'),
      `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`,
      { mode: 0o755 },
    );
  });

  after(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const run = (command: string): string => {
    const { port } = server.address;
    const result = spawnSync('python3', [typePassword, command], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
        ARCHIVE: archive,
        TARGET: `mysql://root@127.0.0.1:${port}/recovered`,
        TYPED_PASSWORD: practiceAdminPassword,
        // Where the stock client looks for its server.
        HOME: folder,
      },
    });
    assert.equal(result.status, 0, `${command}\n${result.stdout}${result.stderr}`);
    assert.ok(!result.stdout.includes(practiceAdminPassword), 'the password is never shown');
    return result.stdout;
  };

  it('recovers a practice by the commands of the page, typed as they stand', async () => {
    const commands = commandsOf('with-command-line');
    assert.equal(commands.length, 7);
    for (const command of commands) run(command);
    const { differences } = await compareDatabases(practice('practice'), practice('recovered'));
    assert.deepEqual(differences, []);
    const pieces = await compareDatabases(practice('practice'), practice('recovered_pieces'), {
      tables: ['patient', 'appointment'],
    });
    assert.deepEqual(pieces.differences, []);
  });

  it('recovers a practice with stock tools and no line of this library', {
    skip: lacks('age', 'tar', 'mariadb'),
  }, async () => {
    const commands = commandsOf('with-stock-tools');
    assert.equal(commands.length, 3);
    for (const command of commands) run(command);
    const { differences } = await compareDatabases(practice('practice'), practice('recovered_by_hand'), {
      tables: ['patient', 'procedurelog', 'userod', 'document'],
    });
    assert.deepEqual(differences, []);
  });
});
