import { expressionOver } from './columns.js';
import { type FuzzObject, type Ground, quoted, type Statement } from './model.js';
import { byteText, type Names } from './names.js';
import type { Random } from './random.js';
import type { MadeTable } from './tables.js';

interface Made {
  readonly random: Random;
  readonly ground: Ground;
  readonly names: Names;
  readonly tables: readonly MadeTable[];
  readonly database: string;
}

/** Views, functions, procedures, triggers and events over tables. */
export function someObjects(made: Made): readonly FuzzObject[] {
  const { random, tables } = made;
  const objects: FuzzObject[] = [];
  for (let i = random.int(2); i > 0; i -= 1) objects.push(someRoutine(made, 'FUNCTION'));
  const functions = objects.map(({ name }) => name);
  for (let i = random.int(2); i > 0; i -= 1) objects.push(someRoutine(made, 'PROCEDURE'));
  const views: { name: string; columns: readonly string[] }[] = [];
  for (let i = random.int(4); i > 0 && tables.length > 0; i -= 1) {
    const { object, columns } = someView(made, views, functions);
    objects.push(object);
    views.push({ name: object.name, columns });
  }
  for (let i = random.int(3); i > 0 && tables.length > 0; i -= 1) objects.push(someTrigger(made));
  if (random.chance(0.3)) objects.push(someEvent(made));
  return objects;
}

/** The session of a statement: its client's character set and its SQL mode. */
function session(random: Random): Pick<Statement, 'charset' | 'sqlMode' | 'before'> {
  return {
    ...(random.chance(0.25) ? { charset: random.pick(['latin1', 'cp1251', 'koi8r', 'cp850']) } : {}),
    ...(random.chance(0.3)
      ? {
          sqlMode: random.pick([
            'ANSI_QUOTES',
            'PIPES_AS_CONCAT',
            'NO_BACKSLASH_ESCAPES',
            'STRICT_ALL_TABLES',
            'HIGH_NOT_PRECEDENCE',
            'IGNORE_SPACE',
            'ANSI',
          ]),
        }
      : {}),
    ...(random.chance(0.1) ? { before: ["SET SESSION collation_connection = 'latin1_german2_ci'"] } : {}),
  };
}

function definer(random: Random): string {
  return random.chance(0.15) ? 'DEFINER=`ghost`@`%` ' : '';
}

function literal(random: Random, { charset }: Pick<Statement, 'charset'>): string {
  return `'${charset === undefined ? random.pick(['x', 'é', '患', "it''s", '😀']) : byteText(random)}'`;
}

const fits = (text: string, { charset }: Pick<Statement, 'charset'>): boolean =>
  charset === undefined || [...text].every((character) => character.codePointAt(0)! < 128);

/** A statement whose session can say it. */
function statement(
  way: Pick<Statement, 'charset' | 'sqlMode' | 'before'>,
  sql: string,
  ...needed: readonly string[]
): Statement {
  if (needed.every((name) => fits(name, way))) return { ...way, sql };
  const { charset: _, ...rest } = way;
  return { ...rest, sql };
}

function someView(
  { random, names, tables, database }: Made,
  views: readonly { name: string; columns: readonly string[] }[],
  functions: readonly string[],
): { object: FuzzObject; columns: readonly string[] } {
  const way = session(random);
  const name = random.chance(0.04) && !database.startsWith(' ') ? database : names.next('v');
  const above = views.length > 0 && random.chance(0.4) ? random.pick(views) : undefined;
  const base = random.pick(tables);
  const from = above?.name ?? base.table.name;
  const given = above?.columns ?? base.drafts.map((draft) => draft.name);
  const chosen = [...new Set([random.pick(given), ...random.some(given, 0.4)])];
  const select = chosen.map((column) => quoted(column));
  const columns = [...chosen];
  const add = (sql: string): void => {
    const as = names.next('a');
    select.push(`${sql} AS ${quoted(as)}`);
    columns.push(as);
  };
  if (above === undefined && random.chance(0.4)) add(expressionOver(random, random.pick(base.drafts)).sql);
  if (random.chance(0.3)) add(literal(random, way));
  if (random.chance(0.1)) add("_latin1 x'E9'");
  if (functions.length > 0 && random.chance(0.2)) add(`${quoted(random.pick(functions))}(1)`);
  const plain = select.length === chosen.length;
  const algorithm = random.chance(0.2)
    ? `ALGORITHM=${random.pick(['MERGE', 'TEMPTABLE', 'UNDEFINED'])} `
    : '';
  const security = random.chance(0.2) ? 'SQL SECURITY INVOKER ' : '';
  const where = random.chance(0.3) ? ` WHERE ${quoted(chosen[0]!)} is not null` : '';
  const check =
    plain && !/TEMPTABLE/.test(algorithm) && random.chance(0.15)
      ? ` WITH ${random.pick(['', 'LOCAL ', 'CASCADED '])}CHECK OPTION`
      : '';
  const tail =
    check === ''
      ? random.pick([
          '',
          '',
          ' ORDER BY 1',
          ' LIMIT 5',
          ` UNION SELECT ${columns.map(() => 'NULL').join(', ')}`,
        ])
      : '';
  const sql = `CREATE ${algorithm}${definer(random)}${security}VIEW ${quoted(name)} AS SELECT ${select.join(', ')} FROM ${quoted(from)}${where}${tail}${check}`;
  return {
    object: {
      kind: 'view',
      name,
      needs: [from, ...functions.filter((one) => sql.includes(`${quoted(one)}(`))],
      statements: [statement(way, sql, sql.replace(/'[^']*'/g, ''))],
    },
    columns,
  };
}

function someRoutine({ random, ground, names }: Made, kind: 'FUNCTION' | 'PROCEDURE'): FuzzObject {
  const way = session(random);
  const name = names.next(kind === 'FUNCTION' ? 'f' : 'p', way.charset !== undefined);
  const isFunction = kind === 'FUNCTION';
  const text = literal(random, way);
  const said =
    way.sqlMode?.startsWith('ANSI') === true
      ? `/* ${random.pick(['"', ';', '--'])} */`
      : random.pick(['/* ; */', '-- end\n', '# it\n', '/*!50003 */', '']);
  const set = random.chance(0.3) ? ` CHARSET ${random.pick(['latin1', 'utf8', 'utf8mb4', 'cp1251'])}` : '';
  const body = isFunction
    ? `BEGIN ${said} DECLARE v VARCHAR(20)${set}; SET v = ${text}; RETURN concat(v, p); END`
    : `BEGIN ${said} DECLARE v INT DEFAULT 0; l: LOOP SET v = v + 1; IF v > p THEN LEAVE l; END IF; END LOOP; SELECT ${text}, 'a;b'; END`;
  const traits = [
    isFunction
      ? random.pick(['DETERMINISTIC', 'NO SQL', 'READS SQL DATA'])
      : random.pick(['', 'MODIFIES SQL DATA']),
    random.chance(0.2) ? 'SQL SECURITY INVOKER' : '',
    random.chance(0.3) ? `COMMENT ${literal(random, way)}` : '',
  ].join(' ');
  const oracle = ground.mariadb && ground.version >= 100300 && random.chance(0.08);
  const sql = oracle
    ? `CREATE ${kind} ${quoted(name)}(p INT) ${isFunction ? 'RETURN VARCHAR(20) ' : ''}AS v INT; BEGIN v := 1; ${isFunction ? `RETURN ${text};` : 'NULL;'} END`
    : `CREATE ${definer(random)}${kind} ${quoted(name)}(p INT${isFunction ? '' : `, q VARCHAR(10)${set}`}) ${isFunction ? `RETURNS VARCHAR(60)${set} ` : ''}${traits} ${body}`;
  const made = oracle ? { ...way, sqlMode: 'ORACLE' } : way;
  return { kind: kind.toLowerCase(), name, needs: [], statements: [statement(made, sql, name)] };
}

function someTrigger({ random, ground, names, tables }: Made): FuzzObject {
  const way = session(random);
  const base = random.pick(tables);
  const name = names.next('t', way.charset !== undefined);
  const moment = random.pick(['BEFORE', 'AFTER']);
  const event = random.pick(['INSERT', 'UPDATE', 'DELETE']);
  const body = random.pick([
    `SET @fuzz = ${literal(random, way)}`,
    `BEGIN SET @a = 1; IF @a > 2 THEN SET @b = ${literal(random, way)}; END IF; END`,
    `INSERT INTO ${quoted(base.table.name)}_log VALUES (1)`,
    `SET @fuzz = ${literal(random, way)} -- end`,
  ]);
  const many = ground.mariadb ? ground.version >= 100203 : ground.version >= 50702;
  const statements = [
    statement(
      way,
      `CREATE ${definer(random)}TRIGGER ${quoted(name)} ${moment} ${event} ON ${quoted(base.table.name)} FOR EACH ROW ${body}`,
      base.table.name,
      body.replace(/'[^']*'/g, ''),
    ),
  ];
  if (many && random.chance(0.4)) {
    const second = names.next('t', true);
    const order = `${random.pick(['PRECEDES', 'FOLLOWS'])} ${quoted(name)}`;
    statements.push({
      sql: `CREATE TRIGGER ${quoted(second)} ${moment} ${event} ON ${quoted(base.table.name)} FOR EACH ROW ${order} SET @second = 1`,
    });
  }
  return { kind: 'trigger', name, needs: [base.table.name], statements };
}

function someEvent({ random, names }: Made): FuzzObject {
  const way = session(random);
  const name = names.next('e', way.charset !== undefined);
  const schedule = random.pick([
    "EVERY 1 DAY STARTS '2036-01-01 01:02:03'",
    "AT '2037-06-01 12:00:00'",
    "EVERY '1:30' HOUR_MINUTE STARTS '2036-01-01 00:00:00' ENDS '2037-01-01 00:00:00'",
    "EVERY 3 WEEK STARTS '2035-03-11 02:30:00'",
  ]);
  const state = random.pick(['', ' DISABLE', ' ENABLE', ' DISABLE ON SLAVE']);
  const keep = random.chance(0.4) ? ' ON COMPLETION PRESERVE' : '';
  const comment = random.chance(0.4) ? ` COMMENT ${literal(random, way)}` : '';
  const zone = random.chance(0.4)
    ? [`SET SESSION time_zone = '${random.pick(['+05:30', '-08:00', 'SYSTEM', '+00:00'])}'`]
    : [];
  const sql = `CREATE ${definer(random)}EVENT ${quoted(name)} ON SCHEDULE ${schedule}${keep}${state}${comment} DO BEGIN SET @e = ${literal(random, way)}; END`;
  return {
    kind: 'event',
    name,
    needs: [],
    statements: [{ ...statement(way, sql, name), before: [...(way.before ?? []), ...zone] }],
  };
}

/** A sequence, and how far it is. */
export function someSequence(random: Random, names: Names): FuzzObject {
  const name = names.next('s');
  const options = [
    random.pick(['', 'START WITH 5', 'START WITH -3 MINVALUE -100', 'START WITH 9223372036854775800']),
    random.pick(['', 'INCREMENT BY 3', 'INCREMENT BY -1 MINVALUE -1000 MAXVALUE 9223372036854775806']),
    random.pick(['', 'CACHE 1', 'NOCACHE', 'CYCLE']),
    random.pick(['', 'ENGINE=InnoDB', 'ENGINE=MyISAM', "COMMENT='é'"]),
  ];
  const taken = Array.from({ length: random.int(4) }, () => ({ sql: `SELECT NEXTVAL(${quoted(name)})` }));
  return {
    kind: 'sequence',
    name,
    needs: [],
    statements: [{ sql: `CREATE SEQUENCE ${quoted(name)} ${options.join(' ')}` }, ...taken],
  };
}
