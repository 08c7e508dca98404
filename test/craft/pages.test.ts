import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from './imports.js';
import { run } from './packed.js';

const pages = [
  ...readdirSync(projectRoot).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(projectRoot, 'docs')).map((file) => `docs/${file}`),
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

test('the reference can be made: every public name is told, every link in a comment leads somewhere', async () => {
  await run(process.execPath, [join(projectRoot, 'node_modules/typedoc/bin/typedoc'), '--emit', 'none'], {
    cwd: projectRoot,
  });
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
