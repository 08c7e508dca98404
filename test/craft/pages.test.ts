import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectRoot, sourceFiles } from '../support/project.js';
import { run } from './packed.js';

const pages = [
  ...readdirSync(projectRoot).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(projectRoot, 'docs'), { recursive: true }).map(
    (file) => `docs/${String(file).replaceAll('\\', '/')}`,
  ),
].filter((file) => file.endsWith('.md'));

test('every link between the pages leads to a file and a heading that exist', () => {
  const dead: string[] = [];
  for (const page of pages) {
    for (const [, target] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target === undefined || /^[a-z]+:/.test(target)) continue;
      const [file, heading] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file!);
      const alive =
        existsSync(join(projectRoot, path)) && (heading === undefined || headings(path).has(heading));
      if (!alive) dead.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(dead, []);
});

test('every name that a page gives as one of the code is there', () => {
  const words = new Set(
    [...sourceFiles(), 'archive/reader.py'].flatMap(
      (file) => read(`src/${file}`).match(/[A-Za-z_]\w*/g) ?? [],
    ),
  );
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  // What other programs call their own, what is gone, and names of vectors.
  const foreign = new Set(['CompressionStream', 'wrongPasswords']);
  const wrong: string[] = [];
  for (const page of pages.filter((file) => file !== 'CHANGELOG.md')) {
    for (const [, code] of read(page)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/`([^`\n]+)`/g)) {
      const [, name] = /^([A-Za-z]\w*[a-z][A-Z]\w*)(?:\(.*\))?$/.exec(code!) ?? [];
      if (name !== undefined && !words.has(name) && !foreign.has(name)) wrong.push(`${page}: ${code}`);
      const [, script] = /^npm run ([\w:]+)/.exec(code!) ?? [];
      if (script !== undefined && !(script in scripts)) wrong.push(`${page}: ${code}`);
      const isFile =
        /^(?:src|test|docs|examples|etc|bench|archive|admin|nightly|columns|engine|files|model)\/[a-z][a-z\d./-]*$/.test(
          code!,
        );
      if (isFile && !['', 'src/'].some((folder) => existsSync(join(projectRoot, folder, code!)))) {
        wrong.push(`${page}: ${code}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('every script that a workflow runs is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const file of ['.github/workflows/ci.yml', '.github/workflows/release.yml']) {
    const named = [...read(file).matchAll(/npm run (?:--\w+ )*([\w:]+)/g)].map(([, name]) => name!);
    assert.deepEqual(
      named.filter((name) => !(name in scripts)),
      [],
    );
    assert.ok(existsSync(join(projectRoot, '.ci/run')) && read(file).includes('.ci/run'));
  }
});

test('the reference can be made: every public name is told, every link in a comment leads somewhere', async () => {
  // The types were checked when the library was built.
  await run(
    process.execPath,
    [join(projectRoot, 'node_modules/typedoc/bin/typedoc'), '--emit', 'none', '--skipErrorChecking'],
    { cwd: projectRoot },
  );
});

test('no page claims what only an organisation can', () => {
  for (const page of pages)
    assert.doesNotMatch(read(page), /\b(HIPAA[- ]compliant|FIPS[- ]validated|certified secure)\b/i, page);
});

function read(file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8');
}

// Code is no prose: what looks like a link there is none.
function prose(file: string): string {
  return read(file)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');
}

// As the usual renderers make anchors of headings.
function headings(file: string): ReadonlySet<string> {
  return new Set(
    [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}
