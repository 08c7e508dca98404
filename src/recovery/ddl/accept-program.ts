import type { Token } from '../../database/tokens.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import { HeadReader, isWord, NotAccepted } from './head-reader.js';

/** What a definition must create. */
export interface Wanted {
  readonly kind: SchemaObjectKind;
  /** Whether a name is the expected one. */
  readonly isName: (name: string) => boolean;
  /** The database in the archive, by which a trigger may be qualified. */
  readonly database?: string | undefined;
  readonly keepsDefiner: boolean;
  /** For events: see {@link DefinitionContext.keepsState}. */
  readonly keepsState: boolean;
}

/** A definition in two parts: a head that every server reads alike, and the body that the author wrote. */
export interface Program {
  readonly head: readonly Token[];
  readonly body: readonly Token[];
  /** The user in DEFINER. */
  readonly definer: string | undefined;
}

/** Parses the definition of a view, trigger, routine, package, event or sequence. @throws NotAccepted */
export function readProgram(tokens: readonly Token[], wanted: Wanted): Program {
  const reader = new HeadReader(tokens);
  reader.words('CREATE');
  if (wanted.kind === 'view' && reader.may('ALGORITHM')) {
    reader.symbol('=');
    reader.take();
  }
  const definer = reader.definer(wanted.keepsDefiner);
  const body = readers[wanted.kind](reader, wanted);
  return { head: reader.read, body, definer };
}

type Read = (reader: HeadReader, wanted: Wanted) => readonly Token[];

const readers: Readonly<Record<SchemaObjectKind, Read>> = {
  view: (reader, wanted) => {
    if (reader.may('SQL', 'SECURITY')) reader.take();
    reader.words('VIEW');
    ownName(reader, wanted);
    if (reader.peek()?.text === '(') {
      while (reader.peek()?.text !== ')') {
        const { kind, text } = reader.take();
        if (kind === 'text' || text === ';') throw new NotAccepted('its column list is malformed');
      }
      reader.symbol(')');
    }
    reader.words('AS');
    const body = reader.rest();
    for (const token of body) {
      // A view has no INTO, and servers print no version comments in it.
      if (isWord(token, 'INTO')) throw new NotAccepted('it has an INTO');
      if (token.kind === 'symbol' && (token.text === ';' || token.text.startsWith('/*'))) {
        throw new NotAccepted('there is more in it than a view');
      }
    }
    return body;
  },
  trigger: (reader, wanted) => {
    reader.words('TRIGGER');
    notExists(reader);
    ownName(reader, wanted, true);
    if (!reader.may('BEFORE') && !reader.may('AFTER')) throw new NotAccepted('it has no trigger time');
    while (!reader.sees('ON')) {
      const { kind, text } = reader.take();
      if (kind === 'text' || (kind === 'symbol' && text !== ','))
        throw new NotAccepted('it has no trigger event');
    }
    reader.words('ON');
    qualifiedName(reader, wanted);
    reader.words('FOR', 'EACH', 'ROW');
    return reader.rest();
  },
  function: (reader, wanted) => {
    reader.may('AGGREGATE');
    reader.words('FUNCTION');
    notExists(reader);
    ownName(reader, wanted);
    // A function without a parameter list is a library on the server's computer.
    if (reader.peek()?.text !== '(') throw new NotAccepted('it has no parameters');
    return reader.rest();
  },
  procedure: (reader, wanted) => {
    reader.words('PROCEDURE');
    notExists(reader);
    ownName(reader, wanted);
    if (reader.peek()?.text !== '(' && !reader.sees('AS') && !reader.sees('IS')) {
      throw new NotAccepted('it has no parameters');
    }
    return reader.rest();
  },
  package: (reader, wanted) => {
    reader.words('PACKAGE');
    notExists(reader);
    ownName(reader, wanted);
    return reader.rest();
  },
  'package-body': (reader, wanted) => {
    reader.words('PACKAGE', 'BODY');
    notExists(reader);
    ownName(reader, wanted);
    return reader.rest();
  },
  event: readEvent,
  sequence: (reader, wanted) => {
    reader.words('SEQUENCE');
    notExists(reader);
    ownName(reader, wanted);
    while (reader.peek() !== undefined) {
      const { kind, text } = reader.take();
      const isPlain = kind === 'symbol' ? text === '-' || text === '=' : kind !== 'name';
      if (!isPlain || /^(?:select|as|like)$/i.test(text)) throw new NotAccepted('it is not a sequence');
    }
    return [];
  },
};

/**
 * Parses an event. It is created disabled unless its state is kept; optional parts that are absent are added.
 */
function readEvent(reader: HeadReader, wanted: Wanted): readonly Token[] {
  reader.words('EVENT');
  notExists(reader);
  ownName(reader, wanted);
  reader.words('ON', 'SCHEDULE');
  const ends = (): boolean =>
    reader.sees('ON', 'COMPLETION') ||
    ['ENABLE', 'DISABLE', 'COMMENT', 'DO'].some((word) => reader.sees(word));
  for (let depth = 0; depth > 0 || !ends(); ) {
    const { kind, text } = reader.take();
    if (kind === 'symbol' && text === '(') depth++;
    if (kind === 'symbol' && text === ')') depth--;
    if (depth < 0 || text === ';' || /^(?:select|`?load_file`?)$/i.test(text)) {
      throw new NotAccepted('its schedule is invalid');
    }
  }
  if (reader.may('ON', 'COMPLETION')) {
    reader.may('NOT');
    reader.words('PRESERVE');
  } else {
    add(reader, 'ON COMPLETION NOT PRESERVE');
  }
  const before = reader.read.length;
  if (reader.may('DISABLE')) {
    if (reader.may('ON') && !reader.may('SLAVE')) reader.words('REPLICA');
  } else {
    reader.may('ENABLE');
  }
  if (!wanted.keepsState) {
    reader.forget(before);
    add(reader, 'DISABLE');
  }
  if (reader.may('COMMENT') && reader.take().kind !== 'text')
    throw new NotAccepted('its comment is not text');
  reader.words('DO');
  return reader.rest();
}

function add({ read }: HeadReader, words: string): void {
  if (read.at(-1)?.kind !== 'space') read.push({ kind: 'space', text: ' ' });
  read.push({ kind: 'word', text: words });
}

/** Skips IF NOT EXISTS, which servers may print. */
function notExists(reader: HeadReader): void {
  const before = reader.read.length;
  if (reader.may('IF', 'NOT', 'EXISTS')) reader.forget(before);
}

function ownName(reader: HeadReader, wanted: Wanted, mayBeQualified: boolean = false): void {
  const name = mayBeQualified ? qualifiedName(reader, wanted) : reader.name();
  if (!wanted.isName(name)) throw new NotAccepted('it has another name');
}

/** A name with an optional qualifier. A qualifier other than the archive's database is dropped. */
function qualifiedName(reader: HeadReader, { database }: Wanted): string {
  const before = reader.read.length;
  const first = reader.name();
  if (reader.peek()?.text !== '.') return first;
  reader.symbol('.');
  // Also one that differs only in case: to most servers it is another database.
  if (first !== database) {
    reader.forget(before);
    add(reader, '');
  }
  return reader.name();
}
