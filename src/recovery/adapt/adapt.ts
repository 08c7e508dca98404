import type { SchemaObject, TableDescription } from '../../model/parts.js';
import { join, type Token, tokenise } from '../ddl/tokens.js';
import type { Capabilities } from './capabilities.js';

/** Something in a definition that the target lacks, and its replacement. */
export interface Adaptation {
  readonly kind: 'character-set' | 'collation' | 'engine' | 'sql-mode';
  /** The table or object it is part of. */
  readonly of: string;
  readonly from: string;
  /** Null when there is no replacement. */
  readonly to: string | null;
}

/** A definition that the target accepts, and what was changed in it. */
export interface Adapted<Definition> {
  readonly definition: Definition;
  readonly adaptations: readonly Adaptation[];
}

/**
 * Rewrites a table's definition for a server of another version or vendor (C10, C15). A mere change of name,
 * as from `utf8` to `utf8mb3`, is not reported.
 */
export function adaptTable(table: TableDescription, target: Capabilities): Adapted<TableDescription> {
  const adapter = new Adapter(`table "${table.name}"`, target);
  const tokens = adapter.characterSets(tokenise(table.createStatement));
  const engine = adapter.engineFor(table.engine);
  const createStatement = join(engine === table.engine ? tokens : replaceEngine(tokens, engine));
  return { definition: { ...table, createStatement, engine }, adaptations: adapter.found };
}

/** The same for an object that is not a table. */
export function adaptObject(object: SchemaObject, target: Capabilities): Adapted<SchemaObject> {
  const adapter = new Adapter(`${object.kind} "${object.name}"`, target);
  // Collations that are named in a body are code and stay unchanged.
  const { characterSetClient, collationConnection, databaseCollation, sqlMode } = object;
  const definition: SchemaObject = {
    ...object,
    ...(characterSetClient === undefined
      ? {}
      : { characterSetClient: adapter.characterSet(characterSetClient) }),
    ...(collationConnection === undefined
      ? {}
      : { collationConnection: adapter.collation(collationConnection) }),
    ...(databaseCollation === undefined ? {} : { databaseCollation: adapter.collation(databaseCollation) }),
    ...(sqlMode === undefined ? {} : { sqlMode: adapter.modes(sqlMode) }),
  };
  return { definition, adaptations: adapter.found };
}

/** The same for the defaults of a database. */
export function adaptDefaults<Defaults extends { readonly characterSet: string; readonly collation: string }>(
  defaults: Defaults,
  target: Capabilities,
): Adapted<Defaults> {
  const adapter = new Adapter('the database', target);
  const characterSet = adapter.characterSet(defaults.characterSet);
  const collation = adapter.collation(defaults.collation);
  return { definition: { ...defaults, characterSet, collation }, adaptations: adapter.found };
}

class Adapter {
  readonly found: Adaptation[] = [];
  readonly #of: string;
  readonly #target: Capabilities;

  constructor(of: string, target: Capabilities) {
    this.#of = of;
    this.#target = target;
  }

  characterSets(tokens: readonly Token[]): readonly Token[] {
    const adapted = [...tokens];
    for (let i = 0; i < adapted.length; i++) {
      const word = wordAt(adapted, i);
      if (word === 'COLLATE') this.#replaceAfter(adapted, i, (name) => this.collation(name));
      if (word === 'CHARSET') this.#replaceAfter(adapted, i, (name) => this.characterSet(name));
      if (word === 'SET' && wordAt(adapted, i - 2) === 'CHARACTER') {
        this.#replaceAfter(adapted, i, (name) => this.characterSet(name));
      }
    }
    return adapted;
  }

  #replaceAfter(tokens: Token[], at: number, adapt: (name: string) => string): void {
    let i = at + 1;
    while (tokens[i]?.kind === 'space' || tokens[i]?.text === '=') i++;
    const name = tokens[i];
    if (name?.kind === 'word') tokens[i] = { kind: 'word', text: adapt(name.text) };
  }

  engineFor(engine: string): string {
    const { engines } = this.#target;
    if (engines.has(engine.toLowerCase())) return engine;
    const to = ['InnoDB', 'MyISAM'].find((name) => engines.has(name.toLowerCase())) ?? null;
    this.#note('engine', engine, to);
    return to ?? engine;
  }

  characterSet(name: string): string {
    const { characterSets } = this.#target;
    const known = spellings(name).find((spelling) => characterSets.has(spelling));
    if (known !== undefined) return known;
    this.#note('character-set', name, null);
    return name;
  }

  collation(name: string): string {
    const { collations } = this.#target;
    const known = spellings(name).find((spelling) => collations.has(spelling));
    if (known !== undefined) return known;
    const to = nearestCollations(name).find((candidate) => collations.has(candidate)) ?? null;
    this.#note('collation', name, to);
    return to ?? name;
  }

  modes(sqlMode: string): string {
    const modes = sqlMode.split(',').filter((mode) => mode !== '');
    for (const mode of modes) if (this.#target.unknownModes.has(mode)) this.#note('sql-mode', mode, '');
    return modes.filter((mode) => !this.#target.unknownModes.has(mode)).join(',');
  }

  #note(kind: Adaptation['kind'], from: string, to: string | null): void {
    const known = this.found.some((each) => each.kind === kind && each.from === from);
    if (!known) this.found.push({ kind, of: this.#of, from, to });
  }
}

function wordAt(tokens: readonly Token[], at: number): string {
  const token = tokens[at];
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}

/** `utf8` was renamed to `utf8mb3`; servers have one name or the other, or both. */
function spellings(name: string): readonly string[] {
  const lower = name.toLowerCase();
  const renamed = lower.replace(/^utf8(?=_|$)/, 'utf8mb3');
  return [lower, renamed, renamed.replace(/^utf8mb3/, 'utf8')];
}

/** Collations that sort and compare most alike, best first. */
function nearestCollations(name: string): readonly string[] {
  const lower = name.toLowerCase();
  const characterSet = lower.split('_')[0]!;
  if (/_(?:bin|as_cs|cs)$/.test(lower)) return [`${characterSet}_bin`];
  return ['uca1400_ai_ci', '0900_ai_ci', 'unicode_520_ci', 'unicode_ci', 'general_ci'].map(
    (ending) => `${characterSet}_${ending}`,
  );
}

function replaceEngine(tokens: readonly Token[], engine: string): readonly Token[] {
  const at = tokens.findLastIndex(
    (token, i) => token.text.toUpperCase() === 'ENGINE' && tokens[i + 1]?.text === '=',
  );
  return at === -1
    ? tokens
    : tokens.map((token, i) => (i === at + 2 ? { kind: 'word', text: engine } : token));
}

/** For people. */
export function describeAdaptation({ kind, of, from, to }: Adaptation): string {
  const what = {
    'character-set': 'character set',
    collation: 'collation',
    engine: 'storage engine',
    'sql-mode': 'SQL mode',
  }[kind];
  if (to === null) return `${of}: the target has no ${what} ${from}.`;
  if (to === '') return `${of}: the target has no ${what} ${from}, which is left out.`;
  return `${of}: the target has no ${what} ${from}; ${to} is used instead.`;
}
