import { mkdir, open } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { assertArgument } from '../../arguments.js';
import type { AuditLog } from '../../audit.js';
import { escapeControls } from '../../escape-controls.js';
import { systemCodeOf } from '../../files/failures.js';
import { closeAfter } from '../../files/fill-file.js';
import { syncFile } from '../../files/sync.js';

/** Options of {@link createFileAudit}. */
export interface FileAuditOptions {
  /** The file; its folder is made. On Unix only its owner can read it. */
  readonly path: string;
  /** Who does it. @defaultValue the user of the operating system, and who became that user by `sudo` */
  readonly who?: string | undefined;
  /** Further facts for every line, such as the SHA-256 of the archive or the case it is needed for. */
  readonly facts?: Readonly<Record<string, string>> | undefined;
  /** Called when a line cannot be written, with a sentence. @defaultValue a warning of the process */
  readonly onLost?: ((message: string) => void) | undefined;
  /** The clock. @defaultValue the machine's clock */
  readonly now?: (() => Date) | undefined;
}

/**
 * An audit file with a line for every archive that is opened, restored, rehearsed or extracted: JSON with the
 * moment, the user, the machine, the archive's id, what was done and how it ended. Lines are only appended,
 * and are on the disk before the work goes on. The host decides how long the file is kept, and protects it
 * from changes.
 *
 * @example
 * ```ts
 * const audit = createFileAudit({ path: `${logFile}.audit`, who: 'Anna, ticket 4711' });
 * const archive = await openArchive(source, { password, audit });
 * console.log(archive.manifest.archiveId);
 * ```
 */
export function createFileAudit(options: FileAuditOptions): AuditLog {
  assertArgument('options', options, 'object', {
    path: 'text',
    who: 'text?',
    facts: 'object?',
    onLost: 'function?',
    now: 'function?',
  });
  const { path, facts = {}, now = () => new Date() } = options;
  const { who = userOfSystem(), onLost = (message) => process.emitWarning(message, warningCode) } = options;
  let last: Promise<void> = Promise.resolve();
  return {
    write(entry) {
      const line = { at: now().toISOString(), who, host: hostname(), pid: process.pid, ...facts, ...entry };
      // Characters that could look like a second line become JSON escapes.
      const text = `${escapeControls(JSON.stringify(line))}\n`;
      last = last.then(async () => {
        try {
          await append(path, text);
        } catch (error) {
          onLost(
            `The audit file ${escapeControls(path)} cannot be written (${systemCodeOf(error) ?? 'unexpected'}).`,
          );
        }
      });
      return last;
    },
  };
}

const warningCode: { readonly code: string } = { code: 'SUPPLEMENTAL_BACKUP_AUDIT' };

async function append(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await closeAfter(await open(path, 'a', 0o600), async (file) => {
    // In one piece, so that two processes do not mix their lines.
    await file.write(line);
    await syncFile(file);
  });
}

function userOfSystem(): string {
  const { SUDO_USER: behind } = process.env;
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    name = `uid ${process.getuid?.() ?? 'unknown'}`;
  }
  return behind === undefined || behind === name ? name : `${name} (sudo by ${behind})`;
}
