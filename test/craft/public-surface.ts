import ts from 'typescript';
import { entryPoints } from './entry-points.js';

/** One entry point of the package, seen by the compiler as a user's compiler sees it. */
export interface EntryPoint {
  /** As in `package.json`: `.`, `./archive`. */
  readonly entry: string;
  /** What it exports, in alphabetical order. */
  readonly exported: readonly ts.Symbol[];
}

/** Everything the package exports, with the checker that knows it. */
export interface PublicSurface {
  readonly checker: ts.TypeChecker;
  readonly entries: readonly EntryPoint[];
}

let surface: PublicSurface | undefined;

/** The public surface, read from the declarations that `npm run build` made. */
export function publicSurface(): PublicSurface {
  surface ??= readSurface();
  return surface;
}

/** The name itself, where a symbol only passes it on. */
export function originalOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function readSurface(): PublicSurface {
  const entries = entryPoints();
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
  return {
    checker,
    entries: entries.map(({ entry, declarations }) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(declarations)!);
      if (module === undefined) throw new Error(`${declarations} exports nothing`);
      const exported = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
      return { entry, exported };
    }),
  };
}
