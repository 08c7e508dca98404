import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, it } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import type { Part } from '../../src/model/parts.js';
import { sealParts } from '../recovery/seal.js';
import { noModes } from '../support/needs.js';
import { anyKind, describeOnEachServer } from '../support/servers.js';
import { type Forgery, forgeries, table } from './forge.js';
import { forgedParts, prepareHostileServer } from './surroundings.js';

// Names that lead elsewhere, where a file is named after a table.
const names = [
  '../../../zz',
  '/etc/cron.d/zz',
  'C:\\zz',
  '\\\\host\\zz',
  'CON',
  'nul.csv',
  'a:b',
  '.',
  '..',
  '\u202ezz',
  'z'.repeat(64),
  '-rf',
  '~',
  '$(touch zz)',
  'a\nb',
  'é',
];

describeOnEachServer(
  'the CSV of an archive by a stranger',
  (server) => {
    const place = mkdtempSync(join(tmpdir(), 'supplemental-csv-'));
    let parts: readonly Part[] = [];
    before(async () => {
      parts = await prepareHostileServer(server());
    });
    after(() => rmSync(place, { recursive: true, force: true }));

    /** Extracts it in a folder of its own, which it gives. */
    async function extract(forgery: Forgery, number: number): Promise<string | undefined> {
      const forged = forgedParts(forgery, parts);
      const sealed = await sealParts(forged.parts, forged.database).catch(() => undefined);
      if (sealed === undefined) return undefined;
      const work = join(place, String(number));
      mkdirSync(work);
      const [archive, key] = [join(work, 'archive.tar.age'), join(work, 'key.txt')];
      writeFileSync(archive, sealed.bytes);
      writeFileSync(key, sealed.identities.join('\n'));
      const silent = new PassThrough();
      silent.resume();
      const code = await runCommandLine(
        ['extract', archive, '--format', 'csv', '--out', join(work, 'out'), '--identity', key],
        {
          stdin: new PassThrough(),
          stdout: silent,
          stderr: silent,
          env: { SUPPLEMENTAL_BACKUP_AUDIT: '' },
          signal: new AbortController().signal,
        },
      );
      assert.ok(code === exitCodes.done || code === exitCodes.damaged, `${forgery.what}: ${code}`);
      return work;
    }

    it('is plain files in the folder that was named, or a refusal', async () => {
      const named = names.map((name) => table('CREATE TABLE `zz` (`a` int)', 'contained', { name }));
      let written = 0;
      for (const [i, forgery] of [...forgeries(place), ...named].entries()) {
        const work = await extract(forgery, i);
        if (work === undefined) continue;
        const files = readdirSync(work, { recursive: true, withFileTypes: true });
        for (const file of files.filter(
          ({ name }) => !['archive.tar.age', 'key.txt', 'out'].includes(name),
        )) {
          const path = join(file.parentPath, file.name);
          assert.equal(file.parentPath, join(work, 'out'), path);
          assert.match(file.name, /^[0-9]{4}-[A-Za-z0-9_-]{0,100}\.csv$/, forgery.what);
          const { nlink, mode } = lstatSync(path);
          assert.ok(file.isFile() && nlink === 1, path);
          if (!noModes) assert.equal(mode & 0o777, 0o600);
          written += 1;
        }
      }
      assert.ok(written > 100, String(written));
      // A canary would lie beside the work.
      assert.ok(readdirSync(place).every((name) => /^[0-9]+$/.test(name)));
    });
  },
  // Rows are as the archive has them, whatever server they came from.
  { kinds: [anyKind('mysql-5.6')] },
);
