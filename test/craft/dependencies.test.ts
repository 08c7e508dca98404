import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../support/project.js';
import { run } from './packed.js';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

type Row = Readonly<Record<string, string>>;

const own = manifestOf('.');
const [direct, optional, brought] = tablesOf('docs/DEPENDENCIES.md');
const rows = [...direct!, ...optional!, ...brought!];
const installed = installedWithTheLibrary();

describe('the page of dependencies', () => {
  test('tells every package that comes with the library, and no other', () => {
    assert.deepEqual(namesOf(direct!), Object.keys(own.dependencies!).sort());
    assert.deepEqual(namesOf(optional!), Object.keys(own.peerDependencies!).sort());
    assert.deepEqual(
      [...namesOf(direct!), ...namesOf(brought!)].sort(),
      [...new Set(installed.map(nameIn))].sort(),
    );
  });

  test('leaves nothing of any of them open', () => {
    for (const row of rows) {
      for (const [column, text] of Object.entries(row))
        assert.notEqual(text, '', `${row['package']}: ${column}`);
    }
  });

  test('has their licences as they state them', () => {
    for (const row of rows) assert.equal(row['licence'], manifestOf(folderOf(row)).license, row['package']);
  });

  test('has their weights to one figure', () => {
    for (const row of rows) {
      const told = Number.parseFloat(row['size']!);
      const weighed = bytesIn(join(projectRoot, folderOf(row))) / 1e6;
      // Versions come and go; below 10 kB nothing is worth telling.
      assert.ok(Math.abs(told - weighed) < Math.max(0.01, weighed * 0.2), `${row['package']}: ${weighed} MB`);
    }
  });

  test('says who brings what along', () => {
    for (const row of brought!) {
      const parents = [...direct!, ...brought!].filter((parent) => {
        const { dependencies, peerDependencies } = manifestOf(folderOf(parent));
        return row['package']! in { ...dependencies, ...peerDependencies };
      });
      const named = row['by']!.replaceAll('`', '').split(', ');
      assert.deepEqual(named.sort(), namesOf(parents), row['package']);
    }
  });
});

describe('what is installed with the library', () => {
  test('runs no script while it is installed', () => {
    for (const path of installed) {
      const { scripts } = manifestOf(path);
      for (const script of ['preinstall', 'install', 'postinstall']) {
        assert.equal(scripts?.[script], undefined, `${path}: ${script}`);
      }
    }
  });

  test('is what the bill of materials lists, version by version', async () => {
    const { stdout } = await run('npm', ['run', '-s', 'sbom'], { cwd: projectRoot });
    const bill = JSON.parse(stdout) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    assert.equal(bill.bomFormat, 'CycloneDX');
    assert.deepEqual(
      bill.components.map(({ name, version }) => `${name}@${version}`).sort(),
      installed.map((path) => `${nameIn(path)}@${manifestOf(path).version}`).sort(),
    );
  });
});

/** The tables of a page, in order: one record per row, by the words of the heading. */
function tablesOf(page: string): readonly Row[][] {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  return (text.match(/(?:^\|.*\|\n)+/gm) ?? []).map((table) => {
    const [heading, , ...lines] = table.trim().split('\n').map(cellsOf);
    return lines.map((cells) =>
      Object.fromEntries(
        heading!.map((word, i) => [word, word === 'package' ? cells[i]!.replaceAll('`', '') : cells[i]!]),
      ),
    );
  });
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

function namesOf(table: readonly Row[]): string[] {
  return table.map((row) => row['package']!).sort();
}

/** Where the lockfile puts everything that is no optional and no development dependency. */
function installedWithTheLibrary(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean; link?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([, { dev, optional, devOptional, link }]) => !dev && !optional && !devOptional && !link)
    .map(([path]) => path)
    .filter((path) => path.startsWith('node_modules/'));
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

// A package of another version for the tools of development may stand where ours would.
function folderOf(row: Row): string {
  const name = row['package']!;
  return installed.find((path) => nameIn(path) === name) ?? `node_modules/${name}`;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(projectRoot, folder, 'package.json'), 'utf8'));
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => join(folder, entry.name))
    .reduce((sum, path) => sum + (statSync(path).isDirectory() ? bytesIn(path) : statSync(path).size), 0);
}
