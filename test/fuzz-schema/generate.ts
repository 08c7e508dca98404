import { type FuzzCase, type FuzzObject, type Ground, quoted, type Route } from './model.js';
import { databaseName, Names } from './names.js';
import { someObjects, someSequence } from './objects.js';
import { Random } from './random.js';
import { someSettings } from './settings.js';
import { type MadeTable, someTable } from './tables.js';
import { someCharacterSet } from './types.js';

const routes: readonly Route[] = [
  'archive',
  'archive',
  'archive',
  'archive',
  'stream',
  'resumed',
  'some-tables',
  'sql',
  'reader',
];

/** Everything that a seed decides, on a kind of server. */
export function generateCase(seed: number, source: Ground, target: Ground = source): FuzzCase {
  const random = new Random(seed);
  const database = databaseName(random, seed);
  const hurt = random.pick([0, 0, 0.15, 0.5]);
  const names = new Names(random, hurt);
  const sequences: FuzzObject[] = [];
  if (source.mariadb && source.version >= 100300) {
    while (random.chance(0.15)) sequences.push(someSequence(random, names));
  }
  const made: MadeTable[] = [];
  for (let i = random.between(1, 5); i > 0; i -= 1) {
    const name = random.chance(0.02) ? database : names.next('t');
    if (made.some(({ table }) => table.name === name)) continue;
    made.push(someTable(random, source, name, made, hurt));
  }
  const tables = made.map(({ table }) => table);
  const objects = [
    ...someObjects({ random, ground: source, names, tables: made, database }),
    ...someCycle(random, made),
  ];
  if (random.chance(0.06)) objects.push(breaking(random, made));
  const route = random.chance(0.02) ? 'killed' : random.pick(routes);
  const set = someCharacterSet(random, source);
  return {
    seed,
    database,
    copy: random.chance(0.5) ? database : `${database.slice(0, 40)}_copy`,
    databaseOptions: `${set.sql}${source.mariadb && source.version >= 100500 && random.chance(0.1) ? " COMMENT 'it''s é'" : ''}`,
    sequences,
    tables,
    objects,
    sourceSettings: random.chance(0.5) ? someSettings(random, source) : [],
    targetSettings: random.chance(0.5) ? someSettings(random, target) : [],
    route,
    some: route === 'some-tables' ? random.some(tables, 0.6).map(({ name }) => name) : [],
    breakAfter: random.between(1, 4),
    connections: random.between(1, 3),
    method: random.chance(0.2) ? 'insert' : 'auto',
  };
}

/** A foreign key of an earlier table to a later one, so that they point at each other. */
function someCycle(random: Random, made: readonly MadeTable[]): readonly FuzzObject[] {
  const able = made.filter(
    ({ engine, partitioned, drafts, table }) =>
      engine === 'InnoDB' &&
      !partitioned &&
      drafts.some(({ auto }) => auto) &&
      table.constraints[0]?.sql.startsWith('PRIMARY') === true,
  );
  const [first, ...rest] = able;
  if (first === undefined || rest.length === 0 || !random.chance(0.3)) return [];
  const other = random.pick(rest);
  const target = other.drafts.find(({ auto }) => auto)!;
  return [
    {
      kind: 'cycle',
      name: 'cycle',
      needs: [first.table.name, other.table.name],
      statements: [
        {
          sql: `ALTER TABLE ${quoted(first.table.name)} ADD COLUMN cyclic ${target.type.sql} NULL, ADD CONSTRAINT fk_cycle FOREIGN KEY (cyclic) REFERENCES ${quoted(other.table.name)} (${quoted(target.name)})`,
        },
      ],
    },
  ];
}

/** Something that views and triggers need is gone. */
function breaking(random: Random, made: readonly MadeTable[]): FuzzObject {
  const gone = random.pick(made).table.name;
  return {
    kind: 'breaking',
    name: 'breaking',
    needs: [gone],
    statements: [{ sql: `DROP TABLE ${quoted(gone)}` }],
  };
}
