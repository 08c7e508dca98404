import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { decryptAge } from '../../src/archive/age/index.js';
import { collectBytes } from '../../src/bytes.js';
import { plainTar } from '../../src/cli/extract/plain-tar.js';
import { isBackupError } from '../../src/errors.js';
import type { Part } from '../../src/model/parts.js';
import { exportSql } from '../../src/recovery/export/sql.js';
import { projectRoot } from '../archive/support/reader-script.js';
import { unpackTar } from '../archive/support/unpack-tar.js';
import { sealParts } from '../recovery/seal.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';
import { type Forgery, forgeries } from './forge.js';
import { foreignKeyForgeries, outsideKeys } from './forge-keys.js';
import { forgedParts, prepareHostileServer, surroundings, target } from './surroundings.js';

const client = ['mariadb', 'mysql'].find((program) => spawnSync(program, ['--version']).status === 0);
const hasPython = spawnSync('python3', ['--version']).status === 0;
const skip = client === undefined || !hasPython ? 'the stock client or python3 is missing' : false;

/** What became of one forgery: scripts for an administrator to load. */
interface Made {
  readonly forgery: Forgery;
  readonly sql: Buffer;
  /** Whether `extract` said that it is damaged. */
  readonly isRefused: boolean;
  /** Where its files were unpacked. */
  readonly folder: string;
}

// One process for all of them: each is run as the program that it is, in its own folder.
const runReader = `import importlib, io, json, os, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import reader
codes = []
for folder in sys.argv[2:]:
    os.chdir(folder)
    importlib.reload(reader)
    sys.argv, sys.stderr = ['reader.py'], io.StringIO()
    with open('script.sql', 'wb') as file:
        sys.stdout = io.TextIOWrapper(file, write_through=True)
        try:
            reader.run()
            codes.append(0)
        except BaseException as error:
            codes.append(1)
        sys.stdout.detach()
sys.stdout = sys.__stdout__
print(json.dumps(codes))
`;

describeOnEachServer('the scripts of an archive by a stranger, loaded by an administrator', (server) => {
  const canary = mkdtempSync(join(tmpdir(), 'supplemental-canary-'));
  const place = mkdtempSync(join(tmpdir(), 'supplemental-scripts-'));
  let parts: readonly Part[] = [];

  before(async () => {
    parts = await prepareHostileServer(server());
  });
  after(() => {
    rmSync(canary, { recursive: true, force: true });
    rmSync(place, { recursive: true, force: true });
  });

  async function make(forgery: Forgery): Promise<Made | undefined> {
    const { what } = forgery;
    const forged = forgedParts(forgery, parts);
    const sealed = await sealParts(forged.parts, forged.database).catch(() => undefined);
    if (sealed === undefined) return undefined;
    const folder = mkdtempSync(join(place, 'archive-'));
    const tar = plainTar(decryptAge(new Blob([sealed.bytes as Uint8Array<ArrayBuffer>]).stream(), sealed));
    await unpackTar(await collectBytes(tar), folder);
    const pieces: (string | Uint8Array)[] = [];
    let isRefused = false;
    try {
      const archive = await sealed.open();
      const tables = archive.manifest.tables.map(({ name }) => name);
      const { signal } = new AbortController();
      for await (const piece of exportSql(archive, {
        tables,
        objects: true,
        signal,
        onRows: () => undefined,
      })) {
        pieces.push(piece);
      }
    } catch (error) {
      assert.ok(isBackupError(error), `${what}: ${error}`);
      isRefused = error.code === 'archive-damaged';
    }
    return {
      forgery,
      folder,
      isRefused,
      sql: Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))),
    };
  }

  /** What becomes of all of them, by `extract` and by the reader. */
  async function makeAll(some: readonly Forgery[]): Promise<{
    readonly made: readonly Made[];
    readonly codes: readonly number[];
    readonly scripts: Readonly<Record<string, readonly Buffer[]>>;
  }> {
    const made: Made[] = [];
    for (const forgery of some) {
      const one = await make(forgery);
      if (one !== undefined) made.push(one);
    }
    const folders = made.map(({ folder }) => folder);
    const read = spawnSync('python3', ['-c', runReader, join(projectRoot, 'src', 'archive'), ...folders], {
      encoding: 'utf8',
    });
    assert.equal(read.status, 0, read.stderr);
    const scripts = {
      extract: made.map(({ sql }) => sql),
      'reader.py': folders.map((folder) => readFileSync(join(folder, 'script.sql'))),
    };
    return { made, codes: JSON.parse(read.stdout) as number[], scripts };
  }

  it('tie no table to one of another database', { skip }, async () => {
    const { made, scripts } = await makeAll(foreignKeyForgeries());
    for (const [program, all] of Object.entries(scripts)) {
      for (const [i, script] of all.entries()) {
        load(server(), [script], ['--comments']);
        assert.deepEqual(await server().query(outsideKeys), [], `${program}: ${made[i]!.forgery.what}`);
      }
    }
  });

  it('change nothing outside the database they are loaded into, and run no shell', { skip }, async () => {
    const good = await surroundings(server(), canary);
    const { made, codes, scripts } = await makeAll(forgeries(canary));
    assert.ok(made.length > 120);
    for (const [i, { forgery, isRefused }] of made.entries()) {
      if (forgery.end !== 'refused') continue;
      assert.ok(isRefused, `extract took ${forgery.what}`);
      assert.equal(codes[i], 1, `reader.py took ${forgery.what}`);
    }
    for (const [program, all] of Object.entries(scripts)) {
      for (const options of [['--comments'], ['--comments', '--binary-mode']]) {
        const how = `${program} ${options.join(' ')}`;
        const told = load(server(), all, options);
        for (const [i, { forgery }] of made.entries()) {
          // A client that is still within something of the script would not say this.
          assert.ok(told.includes(`end of ${i}\n`), `${how}: the script has no end: ${forgery.what}`);
        }
        const now = await surroundings(server(), canary);
        if (JSON.stringify(now) === JSON.stringify(good)) continue;
        assert.deepEqual(now, good, `${how}: ${await culprits(all, options, made)}`);
      }
    }
  });

  /** Which of them did it, one by one. */
  async function culprits(
    all: readonly Buffer[],
    options: readonly string[],
    made: readonly Made[],
  ): Promise<string> {
    const found: string[] = [];
    let before = JSON.stringify(await surroundings(server(), canary));
    for (const [i, script] of all.entries()) {
      await prepareHostileServer(server());
      before = JSON.stringify(await surroundings(server(), canary));
      load(server(), [script], options);
      if (JSON.stringify(await surroundings(server(), canary)) !== before) found.push(made[i]!.forgery.what);
    }
    return found.join('\n');
  }
});

/** Loads scripts one after another, each into a new database, whatever fails; gives what the client said. */
function load(server: TestServer, scripts: readonly Buffer[], options: readonly string[]): string {
  const { user, port, host, socketPath, password = '' } = server.address;
  const where =
    socketPath === undefined ? [`-h${host ?? '127.0.0.1'}`, `-P${port ?? 3306}`] : [`-S${socketPath}`];
  const input = scripts.flatMap((script, i) => [
    Buffer.from(
      `DROP DATABASE IF EXISTS ${target};\nCREATE DATABASE ${target} CHARACTER SET latin1;\nUSE ${target};\n`,
    ),
    script,
    Buffer.from(`\nSELECT 'end of ${i}' AS script;\n`),
  ]);
  const { stdout } = spawnSync(client!, [...where, `-u${user}`, '--batch', '--force', ...options], {
    input: Buffer.concat(input),
    encoding: 'utf8',
    maxBuffer: 1e8,
    env: { ...process.env, MYSQL_PWD: password },
  });
  return stdout;
}
