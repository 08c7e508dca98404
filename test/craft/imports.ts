import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../support/project.js';

/** One import or re-export of a source file. */
export interface Import {
  /** The importing file, such as `archive/label.ts`. */
  readonly from: string;
  /** The imported file of the library in the same form, or the bare specifier (`node:fs`, `mysql2`). */
  readonly to: string;
  /** It vanishes when compiled. */
  readonly typeOnly: boolean;
  /** It is made when the program comes to it, not when the file is loaded. */
  readonly late: boolean;
}

const seen = new Map<string, readonly Import[]>();

/** Everything a source file imports, dynamic imports included. Each file is read once. */
export function importsOf(file: string): readonly Import[] {
  const found = seen.get(file) ?? readImports(file);
  seen.set(file, found);
  return found;
}

function readImports(file: string): readonly Import[] {
  const path = join(projectRoot, 'src', file);
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, late = false): void => {
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      found.push({ from: file, to: resolve(file, specifier.text), typeOnly, late });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, true);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** All files and packages a source file drags in when it runs, itself included. */
export function reachableFrom(entry: string, engine: 'node' | 'portable'): ReadonlySet<string> {
  return reach(entry, engine, () => true);
}

/** Those that are there as soon as the file is loaded in Node.js. */
export function loadedWith(entry: string): ReadonlySet<string> {
  return reach(entry, 'node', ({ late }) => !late);
}

function reach(
  entry: string,
  engine: 'node' | 'portable',
  isFollowed: (each: Import) => boolean,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    if (!file.endsWith('.ts')) continue;
    for (const each of importsOf(file)) {
      const { to, typeOnly } = each;
      if (!typeOnly && isFollowed(each)) queue.push(to === '#engine' ? `engine/${engine}.ts` : to);
    }
  }
  return reached;
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const path = join(projectRoot, 'src', dirname(from), specifier);
  return relative(join(projectRoot, 'src'), path).split(sep).join('/').replace(/\.js$/, '.ts');
}
