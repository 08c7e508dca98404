import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { collectBytes } from '../../src/bytes.js';
import { packRows } from '../../src/columns/pack.js';
import type { DumpSummary, Part, RowsPart, TableDescription } from '../../src/model/parts.js';

/** Numbers that look random and are the same every time. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** An archive made of nothing but numbers, and what went into it. */
export interface MadeArchive {
  readonly bytes: Uint8Array;
  readonly headerBytes: number;
  readonly identities: readonly string[];
  readonly tables: readonly TableDescription[];
  readonly rows: readonly RowsPart[];
}

/** Makes an archive of `tables` tables with up to `parts` parts each, which do not compress. */
export async function makeArchive(tables: number, parts: number, partBytes: number): Promise<MadeArchive> {
  const random = randomNumbers(7);
  const descriptions: TableDescription[] = [];
  const rows: RowsPart[] = [];
  const stream: Part[] = [{ kind: 'database', database }];
  const summaries: DumpSummary['tables'][number][] = [];
  for (let index = 1; index <= tables; index++) {
    const name = `t${index}`;
    const table: TableDescription = {
      index,
      name,
      engine: 'MyISAM',
      createStatement: `CREATE TABLE \`${name}\` (\`a\` bigint(20) NOT NULL) ENGINE=MyISAM`,
      columns: [{ name: 'a', type: 'bigint(20)', characterSet: null, nullable: false, form: 'i64' }],
      primaryKey: [],
    };
    descriptions.push(table);
    stream.push({ kind: 'table', table });
    const own: RowsPart[] = [];
    for (let sequence = 1; sequence <= random(parts + 1); sequence++) {
      const data = new Uint8Array(8 * (1 + random(partBytes / 8)));
      for (let i = 0; i < data.length; i++) data[i] = random(256);
      const columns = [{ kind: 'fixed', width: 8, nulls: null, data } as const];
      own.push(await packRows(index, sequence, { rows: data.length / 8, columns }));
    }
    rows.push(...own);
    stream.push(...own);
    summaries.push({
      index,
      name,
      engine: 'MyISAM',
      rows: own.reduce((sum, part) => sum + part.rows, 0),
      parts: own.length,
      plainBytes: own.reduce((sum, part) => sum + part.plainBytes, 0),
      storedBytes: own.reduce((sum, part) => sum + part.data.length, 0),
    });
  }
  const at = '2024-11-15T03:00:00.000Z';
  stream.push({ kind: 'objects', objects: [] });
  stream.push({
    kind: 'summary',
    summary: {
      startedAt: at,
      snapshotAt: at,
      finishedAt: at,
      consistency: { kind: 'consistent', by: 'lock' },
      lockSeconds: 0,
      tables: summaries,
      leftOut: [],
      warnings: [],
    },
  });
  const identity = await generateX25519Identity();
  const archive = encryptArchive(asStream(stream), {
    recipients: [await identityToRecipient(identity)],
    label: { practiceId: 'test', database: 'made', scope: 'full', unlock: [] },
  });
  const bytes = await collectBytes(archive);
  const end = Buffer.from(bytes.buffer, bytes.byteOffset).indexOf('\n--- ');
  const headerBytes = bytes.indexOf(10, end + 1) + 1 + 16;
  return { bytes, headerBytes, identities: [identity], tables: descriptions, rows };
}

async function* asStream(parts: readonly Part[]): AsyncGenerator<Part> {
  yield* parts;
}

const database = {
  name: 'made',
  createStatement: 'CREATE DATABASE `made`',
  characterSet: 'utf8',
  collation: 'utf8_general_ci',
  server: {
    vendor: 'mysql',
    version: '5.6.24',
    sqlMode: '',
    timeZone: 'SYSTEM',
    systemTimeZone: 'UTC',
    characterSet: 'utf8',
    collation: 'utf8_general_ci',
    lowerCaseTableNames: 0,
  },
} as const;

/** What can happen to a file, behind its header. */
export const damages = [
  'flip',
  'cut end',
  'cut out',
  'put in',
  'zeroes',
  'swap',
  'repeat',
  'append',
] as const;

/** The file after an accident; never the same bytes. */
export function damage(
  bytes: Uint8Array,
  headerBytes: number,
  kind: (typeof damages)[number],
  random: (below: number) => number,
): Uint8Array {
  const file = Buffer.from(bytes);
  const at = headerBytes + random(file.length - headerBytes - 1);
  const length = 1 + random(Math.min(100_000, file.length - at));
  switch (kind) {
    case 'flip':
      file[at]! ^= 1 << random(8);
      return file;
    case 'cut end':
      return file.subarray(0, at);
    case 'cut out':
      return Buffer.concat([file.subarray(0, at), file.subarray(at + length)]);
    case 'put in':
      return Buffer.concat([file.subarray(0, at), Buffer.alloc(length, 0x5a), file.subarray(at)]);
    case 'zeroes':
      return Buffer.concat([file.subarray(0, at), Buffer.alloc(length), file.subarray(at + length)]);
    case 'swap': {
      // Two chunks change places.
      const chunks = Math.floor((file.length - headerBytes) / 65_552);
      const [a, b] = [random(chunks), random(chunks - 1)].map((index) => headerBytes + index * 65_552);
      const other = b! >= a! ? b! + 65_552 : b!;
      const kept = Buffer.from(file.subarray(a!, a! + 65_552));
      file.copy(file, a!, other, other + 65_552);
      kept.copy(file, other);
      return file;
    }
    case 'repeat':
      return Buffer.concat([file.subarray(0, at + length), file.subarray(at)]);
    case 'append':
      return Buffer.concat([file, Buffer.alloc(length)]);
  }
}
