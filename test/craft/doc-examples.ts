import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot, sourceFiles } from '../support/project.js';
import { publicSurface } from './public-surface.js';

/** One `@example` of the source, made into a module that can be compiled and run. */
export interface DocExample {
  /** Where it stands, such as `archive/age/encrypt.ts:33`. */
  readonly place: string;
  /** A module that exports `example()`. */
  readonly module: string;
}

/**
 * Every `@example` of the library. An example is written as a reader would: it may leave out its imports, and
 * it may speak of things that stand on the stage (`test/craft/example-stage.ts`): a practice, its database, a
 * folder, keys.
 */
export function docExamples(): readonly DocExample[] {
  const entries = publicSurface().entries.map(({ entry, exported }) => ({
    specifier: `supplemental-backup${entry.slice(1)}`,
    names: new Set(exported.map(({ name }) => name)),
  }));
  const stage = namesOnStage();
  const comments = sourceFiles().flatMap((file) =>
    examplesIn(file).map((found) => ({ ...found, file: `src/${file}` })),
  );
  const pages = ['README.md', 'docs/EMBEDDING.md', 'docs/ERRORS.md'].flatMap((file) =>
    blocksIn(file).map((found) => ({ ...found, file })),
  );
  return [...comments, ...pages].map(({ file, code, line }) => ({
    place: `${file}:${line}`,
    module: asModule(code, entries, stage),
  }));
}

function blocksIn(page: string): { readonly code: string; readonly line: number }[] {
  const text = readFileSync(join(projectRoot, page), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => ({
    code: match[1]!,
    line: text.slice(0, match.index).split('\n').length,
  }));
}

function examplesIn(file: string): { readonly code: string; readonly line: number }[] {
  const source = readFileSync(join(projectRoot, 'src', file), 'utf8');
  return [...source.matchAll(/^ *\* @example[^\n]*\n *\* ```ts\n([\s\S]*?)^ *\* ```/gm)].map((match) => ({
    code: match[1]!.replace(/^ *\* ?/gm, ''),
    line: source.slice(0, match.index).split('\n').length,
  }));
}

function asModule(
  code: string,
  entries: readonly { readonly specifier: string; readonly names: ReadonlySet<string> }[],
  stage: ReadonlySet<string>,
): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const body = source.statements.filter((statement) => !ts.isImportDeclaration(statement));
  const { used, declared } = namesIn(source);
  const lines = imports.map((statement) => statement.getText());
  const missing = [...used].filter((name) => !declared.has(name)).sort();
  for (const { specifier, names } of entries) {
    const found = missing.filter((name) => names.has(name) && !declared.has(name));
    if (found.length === 0) continue;
    lines.push(`import { ${found.join(', ')} } from '${specifier}';`);
    for (const name of found) declared.add(name);
  }
  const onStage = missing.filter((name) => stage.has(name) && !declared.has(name));
  if (onStage.length > 0)
    lines.push(`import { ${onStage.join(', ')} } from '../test/craft/example-stage.js';`);
  const text = body.map((statement) => statement.getText()).join('\n');
  return `${lines.join('\n')}\nexport async function example() {\n${text}\n}\n`;
}

function namesIn(source: ts.SourceFile): { readonly used: Set<string>; readonly declared: Set<string> } {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isDeclared =
        (ts.isVariableDeclaration(parent) ||
          ts.isBindingElement(parent) ||
          ts.isParameter(parent) ||
          ts.isImportSpecifier(parent) ||
          ts.isFunctionDeclaration(parent)) &&
        parent.name === node;
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node);
      if (isDeclared) declared.add(node.text);
      else if (!isMember) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { used, declared };
}

/** What `example-stage.ts` exports. */
function namesOnStage(): ReadonlySet<string> {
  const file = join(projectRoot, 'test/craft/example-stage.ts');
  const { statements } = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const exported = statements.filter(
    (statement): statement is ts.VariableStatement =>
      ts.isVariableStatement(statement) &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true,
  );
  return new Set(
    exported.flatMap(({ declarationList }) => declarationList.declarations.map(({ name }) => name.getText())),
  );
}
