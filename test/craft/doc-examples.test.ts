import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { projectRoot } from '../support/project.js';
import { docExamples } from './doc-examples.js';
import { closeStage, openStage, stageMissing, tidyStage } from './example-stage.js';
import { publicNames } from './public-names.js';

// Inside the project, so that `supplemental-backup` means the package itself.
const folder = join(projectRoot, 'dist', 'examples');
const examples = docExamples();
let problems: readonly string[] = [];
const fileOf = (index: number): string => join(folder, `example-${index + 1}.ts`);

test('every public name is told, and every function and class shows how it is used', () => {
  const names = publicNames();
  assert.ok(names.length > 200, `only ${names.length} names were found`);
  assert.deepEqual(
    {
      untold: names.filter(({ summary }) => summary === '').map(({ name }) => name),
      'without @example': names
        .filter(({ kind, hasExample }) => kind === 'callable' && !hasExample)
        .map(({ name }) => name),
    },
    { untold: [], 'without @example': [] },
  );
});

describe('the examples in the documentation', { skip: stageMissing() }, () => {
  before(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    examples.forEach(({ module }, index) => {
      writeFileSync(fileOf(index), module);
    });
    problems = compile();
    await openStage();
  });
  after(closeStage);

  test('compile as they stand', () => assert.deepEqual(problems, []));

  examples.forEach(({ place, module }, index) => {
    // A service runs until it is stopped, and tests cannot stand inside of one: it is enough that these
    // compile.
    if (module.includes('await startNightly(') || module.includes("from 'node:test'")) return;
    test(`${place} runs`, async () => {
      const { example } = (await import(pathToFileURL(fileOf(index).replace(/\.ts$/, '.js')).href)) as {
        example: () => Promise<void>;
      };
      await tidyStage();
      const { log } = console;
      // What an example shows is for its reader.
      console.log = () => undefined;
      try {
        await example();
      } finally {
        console.log = log;
      }
    });
  });
});

/** What the compiler has to say. */
function compile(): readonly string[] {
  const program = ts.createProgram(
    examples.map((_, index) => fileOf(index)),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
    },
  );
  program.emit();
  return ts.getPreEmitDiagnostics(program).map((found) => {
    const index = Number(/example-(\d+)\.ts$/.exec(found.file?.fileName ?? '')?.[1]) - 1;
    const line = found.file?.text.slice(found.start).split('\n')[0];
    return `${examples[index]?.place}: ${ts.flattenDiagnosticMessageText(found.messageText, ' ')} at ${line}`;
  });
}
