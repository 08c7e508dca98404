import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from './imports.js';

/** The public face of one entry point, as text to be compared. */
export interface ApiReport {
  /** Where it is kept, relative to the project. */
  readonly file: string;
  readonly text: string;
}

interface PackageExports {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** Entry points of the package with their declaration files: `./archive` → `dist/src/archive/index.d.ts`. */
export function entryPoints(): readonly { readonly entry: string; readonly declarations: string }[] {
  const { exports } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as PackageExports;
  return Object.entries(exports).flatMap(([entry, target]) =>
    typeof target === 'string' ? [] : [{ entry, declarations: join(projectRoot, target.types) }],
  );
}

/**
 * For each entry point every exported name with its declaration, in alphabetical order and without comments. What
 * changes here changes for users.
 */
export function apiReports(): readonly ApiReport[] {
  const entries = entryPoints().filter(({ declarations }) => existsSync(declarations));
  const program = ts.createProgram(
    entries.map(({ declarations }) => declarations),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      types: ['node'],
      skipLibCheck: true,
    },
  );
  const checker = program.getTypeChecker();
  return entries.map(({ entry, declarations }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(declarations)!);
    if (module === undefined) throw new Error(`${declarations} exports nothing`);
    const exported = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      file: `etc/${entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-')}.api.d.ts`,
      text: exported
        .map((symbol) => declarationsOf(symbol, checker))
        .join('\n\n')
        .concat('\n'),
    };
  });
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

function declarationsOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declarations = (original.declarations ?? []).map((declaration) => {
    // A variable is declared by a statement two levels up, which carries the keyword.
    const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
  });
  const renamed = original.name === symbol.name ? '' : `// exported as ${symbol.name}\n`;
  return renamed + declarations.join('\n');
}
