import { nearestWord } from '../../nearest-word.js';
import { anyObject, listOf, oneOf, type Shape, textLike, wholeFrom } from '../../shapes.js';

/** What a part of a JSON Schema is. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A place in a file that people write by hand. Declared once, it is the check, the words for what is wrong,
 * and the schema for editors. Values are never shown: they may be misplaced secrets.
 */
export interface Field<T> {
  /** What is wrong in a value, with the name of the place; undefined when it is a `T`. */
  wrongIn(value: unknown, name: string): string | undefined;
  readonly schema: JsonSchema;
  /** The check alone. */
  readonly is: Shape<T>;
}

/** A field for every member of a `T`. */
type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

/**
 * A value that is checked by a shape.
 *
 * @param words - what it must be: `"name" must be …`
 */
export function leaf<T>(is: Shape<T>, words: string, schema: JsonSchema): Field<T> {
  return {
    is,
    schema: { description: `It is ${words}.`, ...schema },
    wrongIn: (value, name) => (is(value) ? undefined : `"${name}" must be ${words}.`),
  };
}

/** One of a few words. */
export function choice<const Word extends string>(...words: readonly Word[]): Field<Word> {
  const all = words.map((word) => `"${word}"`).join(' or ');
  return leaf(oneOf(...words), all, { enum: words });
}

/** A value that is no text, or a word in its place. */
export function orWord<T, const Word extends string>(field: Field<T>, word: Word): Field<T | Word> {
  const ofWord = choice(word);
  return {
    is: (value): value is T | Word => ofWord.is(value) || field.is(value),
    wrongIn: (value, name) => (typeof value === 'string' ? ofWord : field).wrongIn(value, name),
    schema: { oneOf: [field.schema, ofWord.schema] },
  };
}

/** A list whose entries are checked by a shape. */
export function list<T>(is: Shape<T>, words: string, items: JsonSchema): Field<readonly T[]> {
  return leaf(listOf(is, 100), words, { type: 'array', maxItems: 100, items });
}

/** It may be absent. */
export function maybe<T>(field: Field<T>): Field<T | undefined> {
  const wrongIn: Field<T>['wrongIn'] = (value, name) =>
    value === undefined ? undefined : field.wrongIn(value, name);
  return { wrongIn, is: asShape<T | undefined>(wrongIn), schema: field.schema };
}

/** The same with a description for the author of the file. */
export function described<T>(description: string, field: Field<T>): Field<T> {
  return { ...field, schema: { ...field.schema, description } };
}

/** An object with these members and no other. */
export function group<T>(members: Fields<T>): Field<T> {
  const fields: readonly (readonly [string, Field<unknown>])[] = Object.entries(members);
  const names = fields.map(([name]) => name);
  const required = fields.filter(([, field]) => !field.is(undefined)).map(([name]) => name);
  const wrongIn: Field<T>['wrongIn'] = (value, name) => {
    if (!anyObject(value)) return `${name === '' ? 'It' : `"${name}"`} must be an object.`;
    const inside = (member: string): string => (name === '' ? member : `${name}.${member}`);
    const unknown = Object.keys(value).find((member) => !names.includes(member));
    if (unknown !== undefined) {
      const nearest = nearestWord(unknown, names, 2);
      const hint = nearest === undefined ? `There are: ${names.join(', ')}.` : `Did you mean "${nearest}"?`;
      return `"${inside(unknown.slice(0, 40))}" is not known. ${hint}`;
    }
    const absent = required.find((member) => !Object.hasOwn(value, member));
    if (absent !== undefined) return `"${inside(absent)}" is missing.`;
    for (const [member, field] of fields) {
      const wrong = field.wrongIn(Object.hasOwn(value, member) ? value[member] : undefined, inside(member));
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
  return {
    wrongIn,
    is: asShape<T>(wrongIn),
    schema: {
      type: 'object',
      properties: Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])),
      required,
      additionalProperties: false,
    },
  };
}

/** An object of one of several kinds, named by its member `kind`. */
export function byKind<T extends { readonly kind: string }>(
  kinds: {
    readonly [Kind in T['kind']]: Field<Extract<T, { readonly kind: Kind }>>;
  },
): Field<T> {
  const known: Readonly<Record<string, Field<T>>> = kinds;
  const word = choice(...Object.keys(kinds));
  const wrongIn: Field<T>['wrongIn'] = (value, name) => {
    if (!anyObject(value)) return `"${name}" must be an object.`;
    const kind = Object.hasOwn(value, 'kind') ? value['kind'] : undefined;
    const wrong = word.wrongIn(kind, `${name}.kind`);
    return wrong ?? known[String(kind)]!.wrongIn(value, name);
  };
  return {
    wrongIn,
    is: asShape<T>(wrongIn),
    schema: { oneOf: Object.values(known).map(({ schema }) => schema) },
  };
}

function asShape<T>(wrongIn: Field<T>['wrongIn']): Shape<T> {
  return (value): value is T => wrongIn(value, '') === undefined;
}

/** A whole number within bounds. */
export const whole = (least: number, most: number): Field<number> =>
  leaf(wholeFrom(least, most), `a whole number from ${least} to ${most}`, {
    type: 'integer',
    minimum: least,
    maximum: most,
  });

/** A text of a shape. */
export const textOf = (is: Shape<string>, words: string, pattern?: RegExp): Field<string> =>
  leaf(is, words, { type: 'string', ...(pattern === undefined ? {} : { pattern: pattern.source }) });

/** A text of a pattern. */
export const patterned = (pattern: RegExp, words: string): Field<string> =>
  textOf(textLike(pattern), words, pattern);
