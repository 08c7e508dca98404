// The sections of the front door in the reference: `src/index.ts` has them as comments, `// Title: sentence`,
// and what a section exports stands under it. A plugin of typedoc.
import { readFileSync } from 'node:fs';
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';
import ts from 'typescript';

const file = new URL('../../src/index.ts', import.meta.url);

/** @param {import('typedoc').Application} app */
export function load(app) {
  const sections = sectionsOf(readFileSync(file, 'utf8'));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const door = project.getChildByName('supplemental-backup');
    if (door?.comment === undefined) throw new Error('the front door has no comment of its own');
    for (const [title, { sentence, names }] of sections) {
      const text = `${title}\n${sentence}`;
      door.comment.blockTags.push(new CommentTag('@categoryDescription', [{ kind: 'text', text }]));
      for (const child of door.children ?? []) if (names.has(child.name)) categorise(child, title);
    }
  });
}

function categorise(reflection, title) {
  // A function is told of by its signatures.
  const told = reflection.kindOf(ReflectionKind.Function) ? reflection.signatures : [reflection];
  for (const each of told ?? []) {
    each.comment ??= new Comment();
    each.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: title }]));
  }
}

/** Titles with what is exported under them, in order. */
export function sectionsOf(text) {
  const source = ts.createSourceFile('index.ts', text, ts.ScriptTarget.ES2022, true);
  const sections = new Map();
  let current;
  for (const statement of source.statements) {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, statement.pos) ?? []) {
      const [, title, sentence] = /^\/\/ ([^:]+): (.+)$/.exec(text.slice(pos, end)) ?? [];
      if (title === undefined) continue;
      current = { sentence, names: new Set() };
      sections.set(title, current);
    }
    const { exportClause } = statement;
    for (const { name } of exportClause?.elements ?? []) current?.names.add(name.text);
  }
  return sections;
}
