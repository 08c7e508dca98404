import type { LabelFields } from '../../../src/archive/label.js';
import { packRows } from '../../../src/columns/pack.js';
import type { Part, SchemaObject, TableDescription, TableSummary } from '../../../src/model/parts.js';
import { column } from '../../columns/support/columns.js';

/** How large the sample is. */
export interface SampleOptions {
  readonly tables?: number;
  readonly partsPerTable?: number;
  readonly rowsPerPart?: number;
  /** Bytes per row that do not compress. @defaultValue 0 */
  readonly noise?: number;
}

export const sampleLabel: LabelFields = {
  practiceId: 'practice-1',
  database: 'opendental',
  scope: 'full',
  unlock: [],
};

/** A table of the sample: a key, a name that may be NULL, a date. */
export function sampleTable(index: number): TableDescription {
  return {
    index,
    name: `table\`${index}`,
    engine: 'MyISAM',
    createStatement: `CREATE TABLE \`table\`\`${index}\` (\`Id\` bigint, \`Name\` varchar(20), \`Day\` date, \`Twice\` bigint AS (\`Id\` * 2))`,
    columns: [
      { name: 'Id', type: 'bigint(20)', characterSet: null, nullable: false, form: 'i64' },
      { name: 'Name', type: 'varchar(20)', characterSet: 'utf8mb3', nullable: true, form: 'bytes' },
      { name: 'Day', type: 'date', characterSet: null, nullable: false, form: 'date' },
      { name: 'Twice', type: 'bigint(20)', characterSet: null, nullable: true, form: null },
    ],
    primaryKey: ['Id'],
  };
}

export const sampleObjects: readonly SchemaObject[] = [
  { kind: 'view', name: 'v', createStatement: 'CREATE VIEW v AS SELECT 1', definer: 'root@localhost' },
  {
    kind: 'trigger',
    name: 't',
    createStatement: 'CREATE TRIGGER `t` BEFORE INSERT ON `table``1` FOR EACH ROW SET @seen = 1',
    table: 'table`1',
    actionOrder: 1,
  },
];

/** All parts of a small dump, in order. */
export async function* sampleParts(options: SampleOptions = {}): AsyncGenerator<Part> {
  const { tables = 2, partsPerTable = 2, rowsPerPart = 50, noise = 0 } = options;
  const noises = noiseOf(noise);
  yield {
    kind: 'database',
    database: {
      name: 'opendental',
      createStatement: 'CREATE DATABASE opendental',
      characterSet: 'utf8mb3',
      collation: 'utf8mb3_general_ci',
      server: {
        vendor: 'mariadb',
        version: '10.11.19-MariaDB',
        sqlMode: '',
        timeZone: 'SYSTEM',
        systemTimeZone: 'UTC',
        characterSet: 'utf8mb3',
        collation: 'utf8mb3_general_ci',
        lowerCaseTableNames: 0,
      },
    },
  };
  const summaries: TableSummary[] = [];
  for (let index = 1; index <= tables; index++) {
    const table = sampleTable(index);
    yield { kind: 'table', table };
    let storedBytes = 0;
    let plainBytes = 0;
    for (let sequence = 1; sequence <= partsPerTable; sequence++) {
      const first = 2 ** 53 + sequence * rowsPerPart;
      const rows = Array.from({ length: rowsPerPart }, (_, i) => BigInt(first) + BigInt(i));
      const part = await packRows(index, sequence, {
        rows: rowsPerPart,
        columns: [
          column('i64', rows),
          column(
            'bytes',
            rows.map((id) =>
              id % 5n === 0n ? null : (noises.next().value ?? Buffer.from(`person ${id % 17n}`)),
            ),
          ),
          column(
            'date',
            rows.map((id) =>
              id % 11n === 0n ? Uint8Array.of() : Uint8Array.of(0xe9, 7, 2, Number(id % 28n)),
            ),
          ),
        ],
      });
      storedBytes += part.data.length;
      plainBytes += part.plainBytes;
      yield part;
    }
    summaries.push({
      index,
      name: table.name,
      engine: table.engine,
      rows: partsPerTable * rowsPerPart,
      parts: partsPerTable,
      plainBytes,
      storedBytes,
    });
  }
  yield { kind: 'objects', objects: sampleObjects };
  yield {
    kind: 'summary',
    summary: {
      startedAt: '2026-02-03T22:00:00.000Z',
      snapshotAt: '2026-02-03T22:00:01.000Z',
      finishedAt: '2026-02-03T22:00:02.000Z',
      consistency: { kind: 'consistent', by: 'lock' },
      lockSeconds: 0.5,
      tables: summaries,
      leftOut: [{ kind: 'table', name: 'tempconv_1', reason: 'left over by a conversion' }],
      warnings: [],
    },
  };
}

// Bytes of a fixed sequence that looks random; nothing when there is to be none.
function* noiseOf(size: number): Generator<Uint8Array | undefined, undefined> {
  for (let seed = 1; size > 0; ) {
    yield Uint8Array.from({ length: size }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed >>> 24;
    });
  }
}

/** All of an iterable. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
