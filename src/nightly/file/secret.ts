import type { Stats } from 'node:fs';
import { BackupError } from '../../errors.js';
import { either, objectOf, type Shape, textLike, textUpTo, where } from '../../shapes.js';
import { type Field, leaf } from './field.js';
import { readPlainFile } from './read-plain-file.js';

/**
 * Where a secret is. It is never in the file itself, which people copy, mail and put under version control.
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

/** A field that names the place of a secret. */
export const secret: Field<SecretSource> = {
  ...asked,
  wrongIn: (value, name) =>
    typeof value === 'string'
      ? `"${name}" is a secret, and this file must hold none: give {"env": "NAME"} or {"file": "/path"}.`
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
    if (value === '') throw refuse(`must be in the variable ${source.env}, which is not set`);
    return value;
  }
  const path = from.resolvePath(source.file);
  const refuseFile = (why: string): BackupError => refuse(`names the file ${path}, which ${why}`);
  const text = await readPlainFile(path, refuseFile, wrongInPrivateFile);
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw refuse(`names the file ${path}, which is empty`);
  return value;
}

/** Why a file is not private enough for a secret. */
function wrongInPrivateFile({ mode, size }: Stats): string | undefined {
  // Its group may read it, as with the credentials of a service manager; others may not.
  if (process.platform !== 'win32' && (mode & 0o026) !== 0) {
    return 'others may read or change; restrict it with chmod 600';
  }
  return size > longest ? 'is too large for a secret' : undefined;
}
