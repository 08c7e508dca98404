import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertArgument } from '../../arguments.js';
import { systemCodeOf } from '../../files/failures.js';
import { count, fromJson, objectOf, optional, text, wholeFrom } from '../../shapes.js';

/** An unfinished upload in parts. */
export interface UploadRecord {
  /** Which store and which object: `uploadName`. */
  readonly name: string;
  /** The store's id of the upload. */
  readonly uploadId: string;
  /** Of the whole object, in bytes. */
  readonly size: number;
  /** Of the whole object, when it is known. */
  readonly sha256?: string | undefined;
  /** In bytes. */
  readonly partSize: number;
  /** Parts that the store has confirmed. */
  readonly parts: readonly UploadedPart[];
}

/** A part that the store has confirmed. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  /** In bytes. */
  readonly size: number;
  /** Lower-case hex, of the bytes that were sent. */
  readonly md5: string;
  /** As the store gave it; mostly, but not everywhere, the MD5. */
  readonly etag: string;
}

/** Records unfinished uploads, so that they continue after a crash or on the next night. Holds no secret. */
export interface UploadJournal {
  /** The unfinished upload of a name; null when there is none. */
  read(name: string): Promise<UploadRecord | null>;
  /** An upload begins; it replaces an earlier one of its name. */
  begin(record: UploadRecord): Promise<void>;
  /** A part has arrived. */
  add(name: string, part: UploadedPart): Promise<void>;
  /** The upload is finished or aborted. */
  end(name: string): Promise<void>;
}

/** The name of an upload in a journal. */
export function uploadName(store: string, key: string): string {
  return createHash('sha256').update(`${store}\n${key}`).digest('hex').slice(0, 32);
}

/**
 * A journal in memory: uploads go on after a lost connection, but not after the end of the process.
 *
 * @example
 * ```ts
 * const hq = createHttpStorage({ url: hqUrl, headers, journal: createMemoryUploadJournal() });
 * console.log(hq.capabilities.resumablePut);
 * ```
 */
export function createMemoryUploadJournal(): UploadJournal {
  const records = new Map<string, UploadRecord>();
  return {
    async read(name) {
      return records.get(name) ?? null;
    },
    async begin(record) {
      records.set(record.name, record);
    },
    async add(name, part) {
      const record = records.get(name);
      if (record !== undefined) records.set(name, { ...record, parts: [...record.parts, part] });
    },
    async end(name) {
      records.delete(name);
    },
  };
}

/**
 * A journal in a folder of this machine, one small file per unfinished upload: uploads go on after a restart
 * and across nights.
 *
 * @param folder - is made when it is not there; only one process may use it at a time
 * @example
 * ```ts
 * const hq = createHttpStorage({ url: hqUrl, headers, journal: createFileUploadJournal(spool) });
 * console.log(hq.capabilities.resumablePut);
 * ```
 */
export function createFileUploadJournal(folder: string): UploadJournal {
  assertArgument('folder', folder, 'text');
  const pathOf = (name: string): string => join(folder, `${name}.upload`);
  return {
    async read(name) {
      let text: string;
      try {
        text = await readFile(pathOf(name), 'utf8');
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return null;
        throw error;
      }
      return parseRecord(name, text);
    },
    async begin({ parts, ...header }) {
      await mkdir(folder, { recursive: true });
      await writeFile(pathOf(header.name), lines([header, ...parts]), { flush: true, mode: 0o600 });
    },
    // Not flushed: losing a line in a power cut only sends one part twice.
    add: (name, part) => appendFile(pathOf(name), lines([part])),
    end: (name) => rm(pathOf(name), { force: true }),
  };
}

function lines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

const isHeader = objectOf<Omit<UploadRecord, 'parts'>>({
  name: text,
  uploadId: text,
  size: count,
  sha256: optional(text),
  partSize: wholeFrom(1),
});

const isPart = objectOf<UploadedPart>({ number: count, size: count, md5: text, etag: text });

// A power cut may leave half a line, or anything: what does not parse is ignored.
function parseRecord(name: string, lines: string): UploadRecord | null {
  const [header, ...parts] = lines.split('\n').map(fromJson);
  return isHeader(header) && header.name === name ? { ...header, parts: parts.filter(isPart) } : null;
}
