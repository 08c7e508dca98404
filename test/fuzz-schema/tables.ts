import { type Draft, someCheck, someColumns, someValue } from './columns.js';
import { type FuzzConstraint, type FuzzTable, type Ground, quoted } from './model.js';
import { byteText, Names } from './names.js';
import type { Random } from './random.js';
import { someCharacterSet } from './types.js';

/** A table, and what foreign keys and objects of others need to know of it. */
export interface MadeTable {
  readonly table: FuzzTable;
  readonly drafts: readonly Draft[];
  readonly engine: string;
  readonly partitioned: boolean;
}

export function someTable(
  random: Random,
  ground: Ground,
  name: string,
  others: readonly MadeTable[],
  hurt: number,
): MadeTable {
  const names = new Names(random, hurt);
  const drafts = [...someColumns(random, ground, () => names.next('c'))];
  const engine = someEngine(random, ground);
  const constraints = someKeys(random, ground, drafts, engine, names);
  const partition = somePartitions(random, ground, drafts, engine, constraints);
  if (engine === 'InnoDB' && partition === '') {
    constraints.push(...someForeignKeys(random, drafts, constraints, others, names, name));
  }
  const checks = ground.mariadb ? ground.version >= 100201 : ground.version >= 80016;
  if (checks && random.chance(0.15)) {
    const draft = random.pick(drafts);
    const check = someCheck(random, draft);
    if (check !== undefined && !draft.auto) {
      const named = random.chance(0.6) ? `CONSTRAINT ${quoted(names.next('chk'))} ` : '';
      constraints.push({ sql: `${named}CHECK (${check})`, columns: [draft.name] });
    }
  }
  const versioned = ground.mariadb && ground.version >= 100304 && partition === '' && random.chance(0.06);
  const options = [
    `ENGINE=${engine}`,
    ...someOptions(random, ground, engine),
    ...(versioned ? ['WITH SYSTEM VERSIONING'] : []),
    ...(partition === '' ? [] : [partition]),
  ];
  const charset = random.chance(0.1) ? 'latin1' : undefined;
  const rows = someRows(random, drafts);
  const afterwards = someChanges(random, name, drafts, versioned);
  const table: FuzzTable = {
    name,
    columns: drafts.map((draft) => ({
      name: draft.name,
      definition: charset === undefined ? draft.definition : withByteText(random, draft.definition),
      takesValues: !draft.generated,
    })),
    constraints,
    options,
    rows: engine === 'BLACKHOLE' ? [] : rows,
    afterwards,
    before: versioned ? ['SET SESSION timestamp = 1700000000'] : [],
    ...(charset === undefined || !isBytes(constraints, drafts, name) ? {} : { charset }),
    ...(random.chance(0.1)
      ? { sqlMode: random.pick(['ANSI', 'NO_ZERO_DATE', 'NO_BACKSLASH_ESCAPES', 'STRICT_ALL_TABLES']) }
      : {}),
  };
  return { table, drafts, engine, partitioned: partition !== '' };
}

// A client of a byte a character cannot say more.
function isBytes(constraints: readonly FuzzConstraint[], drafts: readonly Draft[], name: string): boolean {
  const all = [
    name,
    ...drafts.map((draft) => draft.name + draft.definition),
    ...constraints.map(({ sql }) => sql),
  ];
  return all.every((text) => [...text].every((character) => character.codePointAt(0)! < 256));
}

function withByteText(random: Random, definition: string): string {
  return definition.includes("'plain'") ? definition.replace("'plain'", `'${byteText(random)}'`) : definition;
}

function someEngine(random: Random, { kind }: Ground): string {
  const roll = random.int(100);
  if (roll < 50) return 'InnoDB';
  if (roll < 82) return 'MyISAM';
  if (roll < 88) return kind === 'mariadb' ? 'Aria' : 'MyISAM';
  if (roll < 92) return 'MEMORY';
  if (roll < 95) return 'ARCHIVE';
  if (roll < 98) return 'CSV';
  return 'BLACKHOLE';
}

function someOptions(random: Random, ground: Ground, engine: string): readonly string[] {
  const options: string[] = [];
  const set = someCharacterSet(random, ground);
  if (set.sql !== '' && random.chance(0.7)) options.push(`DEFAULT${set.sql}`);
  if (engine === 'InnoDB' && random.chance(0.2)) {
    options.push(`ROW_FORMAT=${random.pick(['COMPACT', 'DYNAMIC', 'REDUNDANT', 'COMPRESSED'])}`);
  }
  if (engine === 'MyISAM' && random.chance(0.2)) {
    options.push(
      random.pick([
        'ROW_FORMAT=FIXED',
        'PACK_KEYS=1',
        'CHECKSUM=1',
        'DELAY_KEY_WRITE=1',
        'MIN_ROWS=5 MAX_ROWS=10000000',
      ]),
    );
  }
  if (engine === 'Aria' && random.chance(0.4))
    options.push(random.pick(['TRANSACTIONAL=0', 'TRANSACTIONAL=1', 'ROW_FORMAT=PAGE', 'PAGE_CHECKSUM=0']));
  if (engine === 'InnoDB' && random.chance(0.1))
    options.push(random.pick(['STATS_PERSISTENT=1', 'STATS_AUTO_RECALC=0', 'STATS_SAMPLE_PAGES=7']));
  if (random.chance(0.15))
    options.push(
      `COMMENT=${random.pick(["'plain'", "'it''s é 患'", "'nl\\nx'", "'back\\\\slash'", "'*/ ; --'"])}`,
    );
  if (random.chance(0.1)) options.push(`AUTO_INCREMENT=${random.pick([50, 1000, 30000])}`);
  return options;
}

function someKeys(
  random: Random,
  ground: Ground,
  drafts: Draft[],
  engine: string,
  names: Names,
): FuzzConstraint[] {
  const keys: FuzzConstraint[] = [];
  const auto = drafts.find((draft) => draft.auto);
  // CSV has no keys and no NULL; ARCHIVE has the key of its counter alone.
  if (engine === 'CSV') {
    for (const [index, draft] of drafts.entries()) {
      if (draft.generated) continue;
      const sql = draft.auto ? 'INT' : draft.type.sql;
      drafts[index] = {
        ...draft,
        auto: false,
        nullable: false,
        definition: `${sql} NOT NULL`,
        type: { ...draft.type, sql },
      };
    }
    return keys;
  }
  if (auto !== undefined) {
    const sql = random.chance(0.9) ? 'PRIMARY KEY' : random.pick(['UNIQUE KEY', 'KEY']);
    keys.push({ sql: `${sql} (${quoted(auto.name)})`, columns: [auto.name] });
  }
  if (engine === 'ARCHIVE') return keys;
  const able = drafts.filter(({ type, auto: isAuto }) => type.key !== 'none' && !isAuto);
  if (auto === undefined && able.length > 0 && random.chance(0.5)) {
    const draft = random.pick(able);
    if (!draft.nullable && !draft.generated)
      keys.push({ sql: `PRIMARY KEY (${keyPart(random, ground, draft)})`, columns: [draft.name] });
  }
  for (let i = random.int(4); i > 0 && able.length > 0; i -= 1) {
    const parts = [...new Set([random.pick(able), ...(random.chance(0.4) ? [random.pick(able)] : [])])];
    const unique = random.chance(0.25);
    const using =
      engine === 'MEMORY' && random.chance(0.4) ? random.pick([' USING BTREE', ' USING HASH']) : '';
    const rest = random.chance(0.1) ? " COMMENT 'é it''s'" : '';
    const hidden = random.chance(0.05)
      ? ground.mariadb
        ? ground.version >= 100600
          ? ' IGNORED'
          : ''
        : ground.version >= 80000
          ? ' INVISIBLE'
          : ''
      : '';
    keys.push({
      sql: `${unique ? 'UNIQUE ' : ''}KEY ${quoted(names.next('k'))} (${parts.map((draft) => keyPart(random, ground, draft)).join(', ')})${using}${rest}${hidden}`,
      columns: parts.map(({ name }) => name),
    });
  }
  const texts = drafts.filter(
    ({ type, generated }) =>
      type.family === 'text' && !generated && type.characterSet !== 'binary' && !/\(0\)/.test(type.sql),
  );
  if (texts.length > 0 && engine !== 'MEMORY' && random.chance(0.15)) {
    const draft = random.pick(texts);
    keys.push({
      sql: `FULLTEXT KEY ${quoted(names.next('ft'))} (${quoted(draft.name)})`,
      columns: [draft.name],
    });
  }
  const places = drafts.filter(({ type, nullable }) => type.family === 'geometry' && !nullable);
  if (
    places.length > 0 &&
    engine !== 'MEMORY' &&
    (engine !== 'InnoDB' || ground.version >= 50705) &&
    random.chance(0.6)
  ) {
    const draft = random.pick(places);
    keys.push({
      sql: `SPATIAL KEY ${quoted(names.next('sp'))} (${quoted(draft.name)})`,
      columns: [draft.name],
    });
  }
  if (!ground.mariadb && ground.version >= 80013 && random.chance(0.08)) {
    const numbers = drafts.filter(({ type, generated }) => type.family === 'int' && !generated);
    if (numbers.length > 0) {
      const draft = random.pick(numbers);
      keys.push({
        sql: `KEY ${quoted(names.next('fx'))} ((${quoted(draft.name)} % 7))`,
        columns: [draft.name],
      });
    }
  }
  return keys;
}

function keyPart(random: Random, ground: Ground, { name, type }: Draft): string {
  const wide = /\((\d+)\)/.exec(type.sql);
  const long = (type.family === 'text' || type.family === 'binary') && Number(wide?.[1] ?? 0) > 60;
  const length = type.key === 'prefix' || long ? `(${random.pick([1, 5, 20])})` : '';
  const down = random.chance(0.15) && (ground.mariadb ? ground.version >= 100801 : true) ? ' DESC' : '';
  return `${quoted(name)}${length}${down}`;
}

function somePartitions(
  random: Random,
  ground: Ground,
  drafts: readonly Draft[],
  engine: string,
  keys: readonly FuzzConstraint[],
): string {
  if (!['InnoDB', 'MyISAM', 'Aria'].includes(engine) || !random.chance(0.08)) return '';
  if (!ground.mariadb && ground.version >= 80000 && engine !== 'InnoDB') return '';
  const special = keys.some(({ sql }) => /^(UNIQUE|FULLTEXT|SPATIAL)/.test(sql));
  const [auto] = drafts.filter((draft) => draft.auto);
  if (special || auto === undefined || keys[0]?.sql.startsWith('PRIMARY') !== true) return '';
  const it = quoted(auto.name);
  return random.pick([
    `PARTITION BY HASH (${it}) PARTITIONS 3`,
    `PARTITION BY KEY (${it}) PARTITIONS 2`,
    `PARTITION BY RANGE (${it}) (PARTITION \`p 0\` VALUES LESS THAN (3) COMMENT 'first é', PARTITION p1 VALUES LESS THAN MAXVALUE)`,
    `PARTITION BY RANGE (${it}) SUBPARTITION BY HASH (${it}) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS THAN (MAXVALUE))`,
  ]);
}

/** Foreign keys to primary, unique and secondary keys, of other tables and of the table itself. */
function someForeignKeys(
  random: Random,
  drafts: Draft[],
  own: FuzzConstraint[],
  others: readonly MadeTable[],
  names: Names,
  self: string,
): readonly FuzzConstraint[] {
  const made: FuzzConstraint[] = [];
  const here = { name: self, drafts: [...drafts], keys: [...own] };
  const there = others
    .filter(({ engine, partitioned }) => engine === 'InnoDB' && !partitioned)
    .map(({ table, drafts: theirs }) => ({ name: table.name, drafts: theirs, keys: table.constraints }));
  while (random.chance(0.35)) {
    const parent = random.pick([here, ...there, ...there]);
    // The first column of a key, whole.
    const able = parent.drafts.filter(
      ({ name, type, generated }) =>
        !generated &&
        type.key === 'plain' &&
        ['int', 'decimal', 'text', 'date', 'enum'].includes(type.family) &&
        parent.keys.some(
          ({ sql, columns }) =>
            columns[0] === name &&
            /KEY/.test(sql) &&
            !/^(FULL|SPAT)/.test(sql) &&
            sql.includes(`(${quoted(name)}`) &&
            !sql.includes(`${quoted(name)}(`),
        ),
    );
    if (able.length === 0) continue;
    const target = random.pick(able);
    const name = names.next('fk');
    const { auto, ...rest } = target;
    const taken = auto ? ['0', '1', '2', '5'] : undefined;
    const type =
      taken === undefined ? target.type : { ...target.type, value: (): string => random.pick(taken) };
    drafts.push({ ...rest, type, name, auto: false, nullable: true, definition: `${target.type.sql} NULL` });
    const rule = random.pick([
      '',
      ' ON DELETE CASCADE',
      ' ON DELETE SET NULL ON UPDATE CASCADE',
      ' ON UPDATE NO ACTION',
    ]);
    const named = random.chance(0.5)
      ? `CONSTRAINT ${quoted(`${names.next('fkc').slice(0, 40)}_${self.length}${drafts.length}`)} `
      : '';
    made.push({
      sql: `${named}FOREIGN KEY (${quoted(name)}) REFERENCES ${quoted(parent.name)} (${quoted(target.name)})${rule}`,
      columns: [name],
      refersTo: parent.name,
    });
  }
  return made;
}

function someRows(random: Random, drafts: readonly Draft[]): readonly (readonly string[])[] {
  const count = random.chance(0.15) ? 0 : random.between(1, 10);
  const able = drafts.filter(({ generated }) => !generated);
  return Array.from({ length: count }, () => able.map((draft) => someValue(random, draft)));
}

/** History, holes, and now and then thousands of rows. */
function someChanges(
  random: Random,
  name: string,
  drafts: readonly Draft[],
  versioned: boolean,
): readonly string[] {
  const changes: string[] = [];
  const auto = drafts.find((draft) => draft.auto);
  if (versioned && auto !== undefined) {
    changes.push(
      'SET SESSION timestamp = 1700000100',
      `DELETE FROM ${quoted(name)} WHERE ${quoted(auto.name)} = 2`,
    );
  }
  if (auto !== undefined && auto.type.sql !== 'SMALLINT' && random.chance(0.04)) {
    const copied = drafts
      .filter((draft) => !draft.generated && !draft.auto)
      .map((draft) => quoted(draft.name));
    if (copied.length > 0) {
      const list = copied.join(', ');
      for (let i = 0; i < 9; i += 1)
        changes.push(`INSERT IGNORE INTO ${quoted(name)} (${list}) SELECT ${list} FROM ${quoted(name)}`);
    }
  }
  if (auto !== undefined && random.chance(0.1))
    changes.push(`DELETE FROM ${quoted(name)} WHERE ${quoted(auto.name)} > 4`);
  return changes;
}
