import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { openArchive } from '../../src/archive/index.js';
import { rangesOfBytes } from '../../src/bytes.js';
import { hazards } from '../recovery/hazards.js';
import { anyKind, describeOnEachServer } from '../support/servers.js';
import { runCli } from './support.js';

const kind = anyKind('mysql-5.6');

describeOnEachServer(
  'a backup made by machines in other places',
  (server) => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sb-elsewhere-'));
      await server().query([
        'DROP DATABASE IF EXISTS elsewhere',
        'CREATE DATABASE elsewhere CHARACTER SET utf8',
        'USE elsewhere',
        'SET SESSION foreign_key_checks = 0',
        ...hazards(server()),
      ]);
    });
    after(() => rm(folder, { recursive: true }));

    it('F13: is the same whatever their time zone and language, but for its keys and times', async () => {
      const identity = await generateIdentity();
      const recipient = await identityToRecipient(identity);
      const { user, password, host = '127.0.0.1', port } = server().address;
      const contentUnder = async (name: string, env: Readonly<Record<string, string>>): Promise<unknown> => {
        const out = join(folder, name);
        const source = `mysql://${user}@${host}:${port}/elsewhere`;
        const { code, stderr } = await runCli(
          ['backup', '--source', source, '--out', out, '--recipient', recipient],
          { env: { MYSQL_PWD: password ?? '', ...env } },
        );
        assert.equal(code, 0, stderr);
        const reader = await openArchive(rangesOfBytes(await readFile(out)), { identities: [identity] });
        const { tables, entries, leftOut, warnings } = reader.manifest;
        return {
          database: await reader.database(),
          objects: await reader.objects(),
          tables,
          leftOut,
          warnings,
          // Two connections read: which of two tables is done first is chance. Two files tell the time and
          // the archive.
          entries: entries
            .filter(({ name }) => !/^(?:README\.txt|database\.json)$/.test(name))
            .map(({ name, size, sha256 }) => `${name} ${size} ${sha256}`)
            .sort(),
        };
      };
      const here = await contentUnder('here', { TZ: 'UTC', LC_ALL: 'C', LANG: 'C' });
      const there = await contentUnder('there', {
        TZ: 'Pacific/Chatham',
        LC_ALL: 'tr_TR.UTF-8',
        LANG: 'tr_TR.UTF-8',
      });
      assert.deepEqual(there, here);
    });
  },
  { kinds: [kind] },
);
