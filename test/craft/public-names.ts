import ts from 'typescript';
import { originalOf, publicSurface } from './public-surface.js';

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
  const { checker, entries } = publicSurface();
  const originals = entries.flatMap(({ exported }) => exported.map((symbol) => originalOf(symbol, checker)));
  return [...new Set(originals)]
    .filter(({ declarations }) => !declarations?.[0]?.getSourceFile().fileName.includes('/node_modules/'))
    .map((symbol) => ({
      name: symbol.name,
      kind: symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class) ? 'callable' : 'description',
      summary: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      hasExample: symbol.getJsDocTags(checker).some(({ name }) => name === 'example'),
    }));
}

/**
 * Properties of public interfaces that nothing is said of, such as `Label.scope`. One that only tells kinds
 * of a thing apart, by a literal, needs no more.
 */
export function untoldProperties(): readonly string[] {
  const { checker, entries } = publicSurface();
  const originals = entries.flatMap(({ exported }) => exported.map((symbol) => originalOf(symbol, checker)));
  return [...new Set(originals)].flatMap((symbol) =>
    (symbol.declarations ?? [])
      .filter(ts.isInterfaceDeclaration)
      .filter((declaration) => !declaration.getSourceFile().fileName.includes('/node_modules/'))
      .flatMap(({ members }) => members.filter(ts.isPropertySignature))
      .filter(({ type }) => type === undefined || !ts.isLiteralTypeNode(type))
      .filter((member) => ts.getJSDocCommentsAndTags(member).length === 0)
      .map((member) => `${symbol.name}.${member.name.getText()}`),
  );
}
