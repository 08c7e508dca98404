import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { projectRoot, sourceFiles } from '../support/project.js';
import { entryPoints } from './entry-points.js';
import { type PackedLibrary, packLibrary, run } from './packed.js';

const bin = (name: string): string => join(projectRoot, 'node_modules', '.bin', name);
const specifiers = entryPoints().map(({ entry }) => `supplemental-backup${entry.slice(1)}`);

describe('the package as it is published', () => {
  let packed: PackedLibrary;
  before(async () => {
    packed = await packLibrary();
  });
  after(() => packed.remove());

  test('holds the source, what is compiled from it, the pages and nothing else', () => {
    const compiled = sourceFiles().flatMap((file) => {
      const stem = `dist/src/${file.replace(/\.ts$/, '')}`;
      return [`src/${file}`, `${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`, `${stem}.d.ts.map`];
    });
    const pages = packed.files.filter((file) => /^docs\/([A-Z-]+\.md|[a-z.-]+\.json)$/.test(file));
    const own = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json', 'dist/opener.html'];
    // What every archive carries is kept beside what puts it there.
    const wanted = new Set([...compiled, ...pages, ...own, 'src/archive/reader.py']);
    const unwanted = packed.files.filter((file) => !wanted.has(file));
    const missing = [...wanted].filter((file) => !packed.files.includes(file));
    assert.deepEqual({ unwanted, missing }, { unwanted: [], missing: [] });
  });

  test('is the same bytes when it is packed at another place and at another time', async () => {
    const elsewhere = await packed.createProject('elsewhere', {}, 'none');
    for (const file of packed.files) {
      const to = join(elsewhere, file);
      await mkdir(dirname(to), { recursive: true });
      await copyFile(join(projectRoot, file), to);
      await utimes(to, 1, 1);
    }
    await run('npm', ['pack', '--ignore-scripts'], { cwd: elsewhere });
    const again = readFileSync(join(elsewhere, basename(packed.tarball)));
    assert.ok(again.equals(readFileSync(packed.tarball)));
  });

  test('is taken by npm as it stands', async () => {
    // What npm corrects is in the manifest, and in whether what that names is there.
    const named = ['package.json', ...Object.values(packageJson().bin)];
    const project = await packed.createProject('taken', {}, 'none');
    for (const file of named) await cp(join(projectRoot, file), join(project, file));
    const { stderr } = await run('npm', ['publish', '--dry-run', '--ignore-scripts'], { cwd: project });
    assert.doesNotMatch(stderr, /corrected|removed|invalid/i, stderr);
  });

  test('publint finds nothing to say about it', async () => {
    const { stdout } = await run(bin('publint'), ['run', packed.tarball, '--strict'], { cwd: projectRoot });
    assert.match(stdout, /All good!/);
  });

  test('its types resolve for every kind of ESM importer', async () => {
    await run(bin('attw'), [packed.tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], {
      cwd: projectRoot,
    });
  });

  test('every entry point can be imported', async () => {
    const project = await packed.createProject('esm', {
      'main.js': `${specifiers
        .map((specifier, index) => `import * as entry${index} from '${specifier}';`)
        .join(
          '\n',
        )}\nconsole.log(JSON.stringify([${specifiers.map((_, index) => `Object.keys(entry${index}).length`)}]));`,
    });
    const { stdout } = await run(process.execPath, ['main.js'], { cwd: project });
    for (const names of JSON.parse(stdout) as number[]) assert.ok(names > 0);
  });

  test('every entry point can be required', { skip: canRequireEsm() }, async () => {
    const project = await packed.createProject('cjs', {
      'main.cjs': specifiers.map((specifier) => `require('${specifier}');`).join('\n'),
    });
    await run(process.execPath, ['main.cjs'], { cwd: project });
  });

  for (const [resolution, module, skipLibCheck] of [
    ['node16', 'node16', false],
    // What the declarations say of each other was looked at above.
    ['bundler', 'esnext', true],
  ] as const) {
    test(`its declarations compile with moduleResolution ${resolution}`, async () => {
      const project = await packed.createProject(`types-${resolution}`, {
        'main.ts': `${specifiers
          .map((specifier, index) => `import * as entry${index} from '${specifier}';`)
          .join('\n')}\nexport const entries = [${specifiers.map((_, index) => `entry${index}`)}];\n`,
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            target: 'es2022',
            module,
            moduleResolution: resolution,
            strict: true,
            exactOptionalPropertyTypes: true,
            noUncheckedIndexedAccess: true,
            noEmit: true,
            skipLibCheck,
            types: ['node'],
          },
        }),
      });
      await run(bin('tsc'), ['-p', project], { cwd: project });
    });
  }

  test('the command line starts', async () => {
    const project = await packed.createProject('bin', {});
    const main = join(project, 'node_modules', 'supplemental-backup', 'dist', 'src', 'cli', 'main.js');
    const { stdout } = await run(process.execPath, [main, '--version'], { cwd: project });
    assert.equal(stdout.trim(), packageJson().version);
  });

  // A program named as the bundle is must not be taken for one of the library's own.
  for (const [format, file] of [
    ['esm', 'main.js'],
    ['cjs', 'main.cjs'],
  ] as const) {
    test(`a bundle for Node.js works as ${format}, with a store in a folder`, async () => {
      const project = await packed.createProject(`bundle-${format}`, {
        'source.js': `import { appendFileSync, readFileSync } from 'node:fs';
          import { createFileSystemStorage, openSnapshot } from 'supplemental-backup';
          appendFileSync('starts.txt', 'started ');
          const store = createFileSystemStorage({ path: '.' });
          store.stat('source.js').then(({ size }) =>
            console.log(typeof openSnapshot, size > 0, readFileSync('starts.txt', 'utf8')));`,
      });
      await build({
        absWorkingDir: project,
        entryPoints: ['source.js'],
        outfile: file,
        bundle: true,
        format,
        platform: 'node',
        external: ['mysql2'],
        logLevel: 'silent',
      });
      const { stdout } = await run(process.execPath, [file], { cwd: project });
      assert.equal(stdout.trim(), 'function true started');
    });
  }

  test('a browser bundle of the archive room holds no Node.js module', async (context) => {
    const project = await packed.createProject('browser', {
      'main.js': "export * from 'supplemental-backup/archive';",
    });
    const { outputFiles, metafile } = await build({
      absWorkingDir: project,
      entryPoints: ['main.js'],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    const bytes = outputFiles[0]!.contents.length;
    context.diagnostic(`minified: ${bytes} bytes`);
    const foreign = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    assert.deepEqual(foreign, []);
    assert.ok(!Object.keys(metafile.inputs).some((input) => input.includes('mysql2')));
    // A limit, so that a heavy dependency does not slip in unseen.
    assert.ok(bytes < 270_000, `${bytes} bytes`);
  });

  test('an error of one installed copy is known to another', async () => {
    const second = "export * from './node_modules/supplemental-backup/dist/src/index.js';";
    const project = await packed.createProject('twice', { 'node_modules/second/index.js': second }, 'own');
    const modules = join(project, 'node_modules');
    await cp(join(modules, 'supplemental-backup'), join(modules, 'second/node_modules/supplemental-backup'), {
      recursive: true,
    });
    await symlink(join(projectRoot, 'node_modules/mysql2'), join(modules, 'second/node_modules/mysql2'));
    const script = `
      import { BackupError } from 'supplemental-backup';
      import { BackupError as Other, isBackupError } from './node_modules/second/index.js';
      console.log(BackupError === Other, isBackupError(new BackupError('wrong-key', 'x'), 'wrong-key'));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: project,
    });
    assert.equal(stdout.trim(), 'false true');
  });
});

test('the oldest and the newest Node.js that are promised run it', async (context) => {
  // In another process tree, whose report is not ours.
  const matrix = run(
    process.execPath,
    ['test/matrix.mjs', '20.19.0', '26.10.0', 'archive/fork', 'craft/types'],
    {
      cwd: projectRoot,
    },
  );
  const { stdout } = await matrix.catch((error: Error) => {
    if (!error.message.includes('could not be fetched')) throw error;
    return { stdout: '' };
  });
  if (stdout === '') context.skip('the runtimes could not be fetched from npm');
  else assert.equal(stdout.match(/^. fail 0$/gm)?.length, 2, stdout);
});

test('nothing that is written is never used', async () => {
  await run(bin('knip'), ['--no-progress'], { cwd: projectRoot });
});

function packageJson(): { readonly version: string; readonly bin: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
}

function canRequireEsm(): string | false {
  return process.features.require_module === true ? false : 'this Node.js cannot require ES modules';
}
