import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from './imports.js';
import { type PackedLibrary, packLibrary, run } from './packed.js';

const bin = (name: string): string => join(projectRoot, 'node_modules', '.bin', name);

describe('the examples', () => {
  let packed: PackedLibrary;
  before(async () => {
    packed = await packLibrary();
  });
  after(() => packed.remove());

  test('custom-storage keeps every promise of the contract', async () => {
    const project = await packed.createProject('custom-storage', filesOf('custom-storage'));
    await run(bin('tsc'), [], { cwd: project });
    const { stdout } = await run(
      process.execPath,
      ['--test', '--test-reporter=tap', 'dist/test/blob-storage.test.js'],
      { cwd: project },
    );
    assert.match(stdout, /^# pass [1-9]\d*\n# fail 0$/m);
  });
});

/** The files of an example as they are in the repository. */
function filesOf(example: string): Record<string, string> {
  const folder = join(projectRoot, 'examples', example);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !/^(node_modules|dist)\//.test(file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
