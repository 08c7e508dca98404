import { dirname, resolve } from 'node:path';
import { BackupError } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';
import { type NightFile, nightFile } from './night-file.js';
import { readPlainFile } from './read-plain-file.js';

/** Larger than any file for one practice. */
const largest = 1024 * 1024;

/** A file that was read, and the folder of its relative paths. */
export interface ReadNightFile {
  readonly file: NightFile;
  readonly resolvePath: (path: string) => string;
  /** Makes an error that names the file and holds no value of it. */
  readonly refuse: (why: string, cause?: unknown) => BackupError;
}

/**
 * Reads and checks the configuration file. Relative paths in it start at its folder, because a service does
 * not choose where it is started.
 *
 * @throws BackupError `settings-invalid`, which names the file and the member and holds no value
 */
export async function readNightFile(path: string): Promise<ReadNightFile> {
  const whole = resolve(path);
  const refuse = (why: string, cause?: unknown): BackupError =>
    new BackupError('settings-invalid', escapeControls(`The file ${whole} cannot be used. ${why}`), {
      details: { file: whole },
      ...(cause === undefined ? {} : { cause }),
    });
  const value = parse(await readText(whole, refuse), refuse);
  if (!nightFile.is(value)) throw refuse(nightFile.wrongIn(value, '') ?? 'It is not such a file.');
  return { file: value, refuse, resolvePath: (relative) => resolve(dirname(whole), relative) };
}

async function readText(path: string, refuse: ReadNightFile['refuse']): Promise<string> {
  const text = await readPlainFile(
    path,
    (why, cause) => refuse(`It ${why}.`, cause),
    ({ size }) => (size > largest ? 'is far too large' : undefined),
  );
  // Windows editors may put a byte order mark in front.
  return text.replace(/^\uFEFF/, '');
}

function parse(text: string, refuse: ReadNightFile['refuse']): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's message may quote a misplaced secret; the line number is enough.
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const line = position === undefined ? 0 : text.slice(0, Number(position)).split('\n').length;
    throw refuse(`It is not JSON${line === 0 ? '' : `: see line ${line}`}.`);
  }
}
