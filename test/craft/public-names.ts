import ts from 'typescript';
import { entryPoints } from './api-report.js';

/** One exported name, as its users find it told. */
export interface PublicName {
  readonly name: string;
  /** What is called or constructed has to show how; what only describes has to be told. */
  readonly kind: 'callable' | 'description';
  /** The text before any tag. */
  readonly summary: string;
  /** It carries an `@example`. */
  readonly hasExample: boolean;
}

/** Every name of every entry point that is declared here and not passed on from another package. */
export function publicNames(): readonly PublicName[] {
  const entries = entryPoints().map(({ declarations }) => declarations);
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const exported = entries.flatMap((entry) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
    return checker
      .getExportsOfModule(module)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  });
  return [...new Set(exported)]
    .filter(({ declarations }) => !declarations?.[0]?.getSourceFile().fileName.includes('/node_modules/'))
    .map((symbol) => ({
      name: symbol.name,
      kind: symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class) ? 'callable' : 'description',
      summary: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      hasExample: symbol.getJsDocTags(checker).some(({ name }) => name === 'example'),
    }));
}
