/**
 * Checks of values from outside: files, labels, messages and rows can be damaged or forged. A shape is
 * declared once: it checks a value and determines its type. Members that a shape does not name are ignored,
 * as a later version may add some.
 */

import { fromUtf8 } from './bytes.js';

/** Whether a value is a `T`. */
export type Shape<T> = (value: unknown) => value is T;

/**
 * A shape for every member of a `T`, so that none is forgotten; {@link optional} for those that may be
 * absent.
 */
export type Members<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> };

/** Anything; it is checked elsewhere. */
export const anything: Shape<unknown> = (_value): _value is unknown => true;

/** Text of at most so many characters. */
export function textUpTo(most: number): Shape<string> {
  return (value): value is string => typeof value === 'string' && value.length <= most;
}

/** Text of `least` to `most` characters. */
export function textFrom(least: number, most: number): Shape<string> {
  return (value): value is string =>
    typeof value === 'string' && value.length >= least && value.length <= most;
}

/** Text of any length. */
export const text: Shape<string> = textUpTo(Number.POSITIVE_INFINITY);

/** Text that matches a pattern. */
export function textLike(pattern: RegExp): Shape<string> {
  return (value): value is string => typeof value === 'string' && pattern.test(value);
}

/** SHA-256 in lower-case hex. */
export const sha256: Shape<string> = textLike(/^[0-9a-f]{64}$/);

/** A moment that `Date.parse` reads, in at most 40 characters. */
export const moment: Shape<string> = where(textUpTo(40), (value) => !Number.isNaN(Date.parse(value)));

/** True or false. */
export const flag: Shape<boolean> = (value): value is boolean => typeof value === 'boolean';

/** A whole number from `least` to `most` that a double holds exactly. */
export function wholeFrom(least: number, most: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
}

/** A whole number from 0 on. */
export const count: Shape<number> = wholeFrom(0);

/** A number from 0 on that may have a fraction. */
export const amount: Shape<number> = (value): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** One of a few values. */
export function oneOf<const Value extends boolean | number | string>(
  ...values: readonly Value[]
): Shape<Value> {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value): value is Value => known.has(value);
}

/** Null, or of a shape. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || shape(value);
}

/** Absent, or of a shape. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || shape(value);
}

/** Of one shape or another. */
export function either<A, B>(one: Shape<A>, other: Shape<B>): Shape<A | B> {
  return (value): value is A | B => one(value) || other(value);
}

/** Of a shape, with a further condition. */
export function where<T>(shape: Shape<T>, holds: (value: T) => boolean): Shape<T> {
  return (value): value is T => shape(value) && holds(value);
}

/** A list of at most so many, each of one shape. */
export function listOf<T>(shape: Shape<T>, most: number = Number.POSITIVE_INFINITY): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= most && value.every(shape);
}

/** A JSON object, with members of any kind. */
export const anyObject: Shape<Readonly<Record<string, unknown>>> = (
  value,
): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object whose members have names of any kind, and one shape. */
export function mapOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    anyObject(value) && Object.values(value).every(shape);
}

/** An object whose members have only some of the given names, and one shape. */
export function someOf<Name extends string, T>(
  names: readonly Name[],
  shape: Shape<T>,
): Shape<Readonly<Partial<Record<Name, T>>>> {
  const isName = oneOf(...names);
  return (value): value is Readonly<Partial<Record<Name, T>>> =>
    anyObject(value) && Object.entries(value).every(([name, each]) => isName(name) && shape(each));
}

/** For shapes of objects: finds the member that does not match. */
const named = new WeakMap<object, (value: unknown) => string | undefined>();

/** An object with given members, each of its own shape. */
export function objectOf<T>(members: Members<T>): Shape<T> {
  const shapes: readonly (readonly [string, Shape<unknown>])[] = Object.entries(members);
  const wrongIn = (value: Readonly<Record<string, unknown>>): string | undefined =>
    shapes.find(([name, shape]) => !shape(Object.hasOwn(value, name) ? value[name] : undefined))?.[0];
  const shape = (value: unknown): value is T => anyObject(value) && wrongIn(value) === undefined;
  named.set(shape, (value) => (anyObject(value) ? wrongIn(value) : undefined));
  return shape;
}

/**
 * Name of the first member because of which a value does not match a shape; undefined if the shape is not of
 * an object.
 */
export function wrongMember(shape: Shape<unknown>, value: unknown): string | undefined {
  return named.get(shape)?.(value);
}

/** The value of a JSON text or its UTF-8; undefined when it is not JSON. */
export function fromJson(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : fromUtf8(json));
  } catch {
    return undefined;
  }
}
