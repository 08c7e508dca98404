import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '../../src/index.js';
import { buildPractice, practiceAdmin, practiceAdminPassword } from '../practice/index.js';
import { projectRoot } from '../support/project.js';
import { startServer, whyMissing } from '../support/servers.js';
import { type PackedLibrary, packLibrary, run } from './packed.js';

const kind = whyMissing('mysql-5.6') === undefined ? 'mysql-5.6' : 'mariadb';
const skip = whyMissing(kind) ?? false;
const bin = (name: string): string => join(projectRoot, 'node_modules', '.bin', name);

describe('the examples', () => {
  let packed: PackedLibrary;
  const projects = new Map<string, string>();
  const built = (example: string): string => projects.get(example)!;
  before(async () => {
    packed = await packLibrary();
    for (const example of ['custom-storage', 'econnector', 'recovery-utility']) {
      const project = await packed.createProject(example, {
        ...filesOf(example),
        // Declarations of others are checked with the package's own.
        'quick.json': JSON.stringify({ extends: './tsconfig.json', compilerOptions: { skipLibCheck: true } }),
      });
      projects.set(example, project);
    }
    // In one process, which reads what they share once.
    const configs = [...projects.values()].map((project) => join(project, 'quick.json'));
    await run(bin('tsc'), ['-b', ...configs], { cwd: projectRoot });
  });
  after(() => packed.remove());

  test('custom-storage keeps every promise of the contract', async () => {
    const project = built('custom-storage');
    const { stdout } = await run(
      process.execPath,
      ['--test', '--test-reporter=tap', 'dist/test/blob-storage.test.js'],
      { cwd: project },
    );
    assert.match(stdout, /^# pass [1-9]\d*\n# fail 0$/m);
  });

  test('econnector makes the copies of a night, and recovery-utility brings the practice back', {
    skip,
  }, async () => {
    const server = await startServer(kind);
    try {
      await rehearse(server.address);
    } finally {
      await server.stop();
    }
  });

  // Both programs as an office and its support would run them.
  async function rehearse(address: DatabaseAddress): Promise<void> {
    const service = built('econnector');
    const utility = built('recovery-utility');
    const share = join(service, 'share');
    mkdirSync(share);
    await buildPractice(address, 'office', {
      size: 1,
      preferences: { SupplementalBackupNetworkPath: share },
    });
    const config = join(service, 'office.json');
    writeFileSync(
      config,
      JSON.stringify({
        practiceId: '4711',
        country: 'CA',
        timeZone: 'America/Toronto',
        database: urlOf(address, 'office'),
        folder: join(service, 'state'),
      }),
    );
    const env = { MYSQL_PWD: String(address.password ?? '') };
    const night = await run(process.execPath, ['dist/main.js', config, '--now'], { cwd: service, env });
    assert.match(night.stdout, /verified/i);

    const login = await run(
      process.execPath,
      ['dist/main.js', config, '--login', String(practiceAdmin.userNum)],
      {
        cwd: service,
        env: { ...env, PASSWORD: practiceAdminPassword },
      },
    );
    assert.match(login.stdout, /The login is done/);
    const log = join(service, 'state', 'service.log');
    assert.match(readFileSync(log, 'utf8'), /local: opened/);

    const recover = (password: string) =>
      run(process.execPath, ['dist/main.js', '4711', share, urlOf(address, 'office_back')], {
        cwd: utility,
        env: { ...env, PASSWORD: password },
      });
    await assert.rejects(recover('not the password'), /password/);
    const recovered = await recover(practiceAdminPassword);
    assert.match(recovered.stdout, /It is whole: \d+ tables/);
    assert.match(recovered.stdout, /Restored \d+ tables into office_back/);

    // Nobody waits for nine minutes to hear that HQ is not there, and nobody is shown a stack.
    const away = join(service, 'away.json');
    const settings = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
    const folder = join(service, 'away');
    writeFileSync(away, JSON.stringify({ ...settings, country: 'US', folder, hq: 'https://127.0.0.1:1/' }));
    const trying = spawn(process.execPath, ['dist/main.js', away, '--now'], {
      cwd: service,
      env: { ...process.env, ...env },
    });
    let told = '';
    for (const stream of [trying.stdout, trying.stderr]) {
      stream.on('data', (piece: Buffer) => {
        told += piece.toString();
        if (!trying.killed && told.includes('HQ cannot be reached')) trying.kill('SIGTERM');
      });
    }
    await once(trying, 'close');
    assert.match(
      told,
      /^HQ cannot be reached\. Its copy waits in the spool, and sending it is tried now\.$/m,
    );
    assert.doesNotMatch(told, /^ +at /m);

    const child = spawn(process.execPath, ['dist/main.js', config], {
      cwd: service,
      env: { ...process.env, ...env },
    });
    await until(() => existsSync(log) && /planned/.test(readFileSync(log, 'utf8')));
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.match(readFileSync(log, 'utf8'), /The service has stopped/);
  }
});

function urlOf({ user, host, port, socketPath }: DatabaseAddress, database: string): string {
  const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
  return `mysql://${user}@${host ?? '127.0.0.1'}:${port ?? 3306}/${database}${socket}`;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries === 600) throw new Error('it did not happen within a minute');
    await delay(100);
  }
}

/** The files of an example as they are in the repository. */
function filesOf(example: string): Record<string, string> {
  const folder = join(projectRoot, 'examples', example);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !/^(node_modules|dist)\//.test(file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
