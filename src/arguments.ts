/**
 * Guards of the public functions: an argument of a wrong type is a `TypeError`, a wrong value a `RangeError`.
 * Both name the argument and never contain its value, which may be a password. Runs in browsers.
 */

/** What an argument must be; with `?` it may be absent. */
export type Kind =
  | 'array'
  | 'boolean'
  | 'bytes'
  | 'date'
  | 'function'
  | 'iterable'
  | 'number'
  | 'object'
  | 'password'
  | 'signal'
  | 'text';

/** The members that an argument must have, or may have. */
export type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;

const kinds: Readonly<Record<Kind, readonly [words: string, holds: (value: unknown) => boolean]>> = {
  array: ['a list', Array.isArray],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  bytes: ['a Uint8Array', (value) => value instanceof Uint8Array],
  date: ['a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())],
  function: ['a function', (value) => typeof value === 'function'],
  iterable: ['an async iterable', (value) => isObject(value) && Symbol.asyncIterator in value],
  number: ['a number', (value) => typeof value === 'number' && !Number.isNaN(value)],
  object: ['an object', (value) => isObject(value) && !Array.isArray(value)],
  password: ['a text or UTF-8 bytes', (value) => typeof value === 'string' || value instanceof Uint8Array],
  signal: ['an AbortSignal', (value) => isObject(value) && 'aborted' in value && 'throwIfAborted' in value],
  text: ['a text', (value) => typeof value === 'string'],
};

/**
 * Refuses an argument of the wrong type.
 *
 * @param name - name of the argument
 * @param shape - for an object: its members
 * @throws TypeError
 */
export function assertArgument(name: string, value: unknown, kind: Kind | `${Kind}?`, shape?: Shape): void {
  assertHolds(name, undefined, value, kind);
  if (shape === undefined || value === undefined) return;
  for (const member in shape) {
    assertHolds(name, member, (value as Readonly<Record<string, unknown>>)[member], shape[member]!);
  }
}

/** Builds the name only for an error, because nearly every argument is valid. */
function assertHolds(
  name: string,
  member: string | undefined,
  value: unknown,
  kind: Kind | `${Kind}?`,
): void {
  const isOptional = kind.endsWith('?');
  if (value === undefined && isOptional) return;
  const [words, holds] = kinds[(isOptional ? kind.slice(0, -1) : kind) as Kind];
  if (holds(value)) return;
  const Fault = Number.isNaN(value) ? RangeError : TypeError;
  throw new Fault(`"${member === undefined ? name : `${name}.${member}`}" must be ${words}`);
}

/** {@link assertArgument} for options, in which every `on…` is a function and every `signal` a signal. */
export function assertOptions(value: unknown, shape: Shape = {}): void {
  assertArgument('options', value, 'object?', shape);
  for (const [member, given] of Object.entries(value ?? {})) {
    if (/^on[A-Z]\w+$/.test(member) && !Object.hasOwn(shape, member) && typeof given !== 'boolean') {
      assertArgument(`options.${member}`, given, 'function?');
    }
    if (member === 'signal') assertArgument('options.signal', given, 'signal?');
  }
}

/** Refuses anything but a list of such objects. */
export function assertEach(name: string, value: unknown, shape: Shape): void {
  assertArgument(name, value, 'array');
  (value as readonly unknown[]).forEach((each, i) => {
    assertArgument(`${name}[${i}]`, each, 'object', shape);
  });
}

/** Refuses anything but bytes or a source of bytes. @throws TypeError */
export function assertByteSource(name: string, value: unknown): void {
  const gives =
    value instanceof Uint8Array ||
    value instanceof Blob ||
    (isObject(value) && (Symbol.asyncIterator in value || Symbol.iterator in value || 'getReader' in value));
  if (!gives) throw new TypeError(`"${name}" must be bytes, an iterable or stream of bytes, or a Blob`);
}

/** Refuses anything that cannot be read at any offset. @throws TypeError */
export function assertRangeSource(name: string, value: unknown): void {
  assertArgument(name, value, 'object', { size: 'number', read: 'function' });
}

/** Refuses anything but a source of either kind. @throws TypeError */
export function assertSource(name: string, value: unknown): void {
  if (isObject(value) && 'size' in value && 'read' in value) assertRangeSource(name, value);
  else assertByteSource(name, value);
}

/** The members of a store. */
export const storageShape = {
  description: 'text',
  capabilities: 'object',
  put: 'function',
  get: 'function',
  stat: 'function',
  list: 'function',
  delete: 'function',
  classify: 'function',
} as const;

/** Refuses anything but a store. @throws TypeError */
export function assertStorage(name: string, value: unknown): void {
  assertArgument(name, value, 'object', storageShape);
}

/** Refuses anything but an HTTP URL. Never shows it: its path may be a secret. @throws TypeError */
export function assertHttpUrl(name: string, value: unknown): void {
  assertArgument(name, value, 'text');
  if (!URL.canParse(value as string)) throw new TypeError(`"${name}" must be a URL`);
}

/** Refuses anything but a result of `readCatalog`. @throws TypeError */
export function assertCatalog(name: string, value: unknown): void {
  assertArgument(name, value, 'object', { database: 'text', tables: 'array', warnings: 'array' });
}

/** Refuses anything but an open archive. @throws TypeError */
export function assertReader(name: string, value: unknown): void {
  assertArgument(name, value, 'object', { readTable: 'function', table: 'function', manifest: 'object' });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
