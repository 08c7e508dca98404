import { type FileHandle, open } from 'node:fs/promises';
import { BackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';
import { either, objectOf, type Shape, textLike, textUpTo, where } from '../../shapes.js';
import { type Field, leaf } from './field.js';

/**
 * Where a secret is. It never stands in the file itself, which people copy, mail and put under version
 * control.
 */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const only =
  (name: string) =>
  (value: object): boolean =>
    Object.keys(value).join() === name;
const fromEnvironment: Shape<{ readonly env: string }> = where(
  objectOf<{ readonly env: string }>({ env: textLike(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) }),
  only('env'),
);
const fromFile: Shape<{ readonly file: string }> = where(
  objectOf<{ readonly file: string }>({ file: where(textUpTo(4096), (path) => path !== '') }),
  only('file'),
);

const asked: Field<SecretSource> = leaf(
  either(fromEnvironment, fromFile),
  '{"env": "NAME"} or {"file": "/path"}',
  {
    oneOf: [
      member('env', { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' }),
      member('file', { type: 'string', minLength: 1, maxLength: 4096 }),
    ],
  },
);

/** A place where a secret is asked for by its source. */
export const secret: Field<SecretSource> = {
  ...asked,
  wrongIn: (value, name) =>
    typeof value === 'string'
      ? `"${name}" is a secret, and no secret stands in this file: give {"env": "NAME"} or {"file": "/path"}.`
      : asked.wrongIn(value, name),
};

function member(name: string, schema: object): object {
  return { type: 'object', properties: { [name]: schema }, required: [name], additionalProperties: false };
}

/** Longer than any token or password. */
const longest = 64 * 1024;

/**
 * The secret itself; one line break at the end of a file is not part of it.
 *
 * @param name - the member that names it, for the error
 * @param resolvePath - makes a path of the file absolute
 * @throws BackupError `settings-invalid`, which never holds it
 */
export async function readSecret(
  source: SecretSource,
  name: string,
  from: { readonly env: Environment; readonly resolvePath: (path: string) => string },
): Promise<string> {
  const refuse = (why: string): BackupError =>
    new BackupError('settings-invalid', `"${name}" ${why}.`, { details: { member: name } });
  if ('env' in source) {
    const value = from.env[source.env] ?? '';
    if (value === '') throw refuse(`is to come in the variable ${source.env}, which is not set`);
    return value;
  }
  const path = from.resolvePath(source.file);
  const value = (
    await readPrivateFile(path, (why) => refuse(`names the file ${path}, which ${why}`))
  ).replace(/\r?\n$/, '');
  if (value === '') throw refuse(`names the file ${path}, which is empty`);
  return value;
}

/** What a file holds that nobody but its owner, and those whom he lets read it, may know. */
async function readPrivateFile(path: string, refuse: (why: string) => BackupError): Promise<string> {
  let file: FileHandle | undefined;
  try {
    // The file that is asked who may read it is the one that is read.
    file = await open(path, 'r');
    const stat = await file.stat();
    if (!stat.isFile()) throw refuse('is no file');
    // Its group may read it, as the credentials of a service manager show themselves; but nobody who likes.
    if (process.platform !== 'win32' && (stat.mode & 0o026) !== 0) {
      throw refuse('others may read or change; take that from them (chmod 600)');
    }
    if (stat.size > longest) throw refuse('is too large for a secret');
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw refuse(`cannot be read (${systemCodeOf(error) ?? 'unexpected'})`);
  } finally {
    await file?.close();
  }
}
