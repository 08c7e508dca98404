import ts from 'typescript';
import { originalOf, publicSurface } from './public-surface.js';

/** The public face of one entry point, as text to be compared. */
export interface ApiReport {
  /** Where it is kept, relative to the project. */
  readonly file: string;
  readonly text: string;
}

/**
 * For each entry point every exported name with its declaration, in alphabetical order and without comments.
 * What changes here changes for users.
 */
export function apiReports(): readonly ApiReport[] {
  const { checker, entries } = publicSurface();
  return entries.map(({ entry, exported }) => ({
    file: `etc/${entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-')}.api.d.ts`,
    text: exported
      .map((symbol) => declarationsOf(symbol, checker))
      .join('\n\n')
      .concat('\n'),
  }));
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

function declarationsOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const original = originalOf(symbol, checker);
  const declarations = (original.declarations ?? []).map((declaration) => {
    // A variable is declared by a statement two levels up, which carries the keyword.
    const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
  });
  const renamed = original.name === symbol.name ? '' : `// exported as ${symbol.name}\n`;
  return renamed + declarations.join('\n');
}
