import type { Ground, Setting } from './model.js';
import type { Random } from './random.js';

interface Choice {
  readonly name: string;
  readonly values: readonly string[];
  /** Where it is a variable that can be set while the server runs. */
  readonly on: (ground: Ground) => boolean;
}

const everywhere = (): boolean => true;
const onMariadb = ({ mariadb }: Ground): boolean => mariadb;

const choices: readonly Choice[] = [
  {
    name: 'sql_mode',
    values: [
      "'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'",
      "'ANSI'",
      "'TRADITIONAL'",
      "'NO_BACKSLASH_ESCAPES'",
      "'PAD_CHAR_TO_FULL_LENGTH'",
      "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    ],
    on: everywhere,
  },
  {
    name: 'sql_mode',
    values: ["'ORACLE'", "'MSSQL'", "'EMPTY_STRING_IS_NULL'", "'SIMULTANEOUS_ASSIGNMENT'"],
    on: ({ mariadb, version }) => mariadb && version >= 100300,
  },
  { name: 'time_zone', values: ["'+05:30'", "'-08:00'", "'SYSTEM'", "'+00:00'"], on: everywhere },
  {
    name: 'explicit_defaults_for_timestamp',
    values: ['0', '1'],
    on: ({ mariadb, version }) => (mariadb ? version >= 101000 : version >= 80000),
  },
  { name: 'innodb_strict_mode', values: ['0', '1'], on: everywhere },
  {
    name: 'character_set_server',
    values: ["'latin1'", "'utf8'", "'utf8mb4'", "'ucs2'", "'cp1251'"],
    on: everywhere,
  },
  {
    name: 'collation_connection',
    values: ["'latin1_german2_ci'", "'utf8_bin'", "'utf8mb4_unicode_ci'"],
    on: everywhere,
  },
  { name: 'group_concat_max_len', values: ['4', '64'], on: everywhere },
  { name: 'lc_messages', values: ["'de_DE'", "'ja_JP'", "'fr_FR'"], on: everywhere },
  { name: 'lc_time_names', values: ["'de_DE'"], on: everywhere },
  { name: 'default_week_format', values: ['3'], on: everywhere },
  { name: 'sql_safe_updates', values: ['1'], on: onMariadb },
  { name: 'sql_select_limit', values: ['2'], on: everywhere },
  { name: 'max_allowed_packet', values: ['1048576', '4194304'], on: everywhere },
  { name: 'default_storage_engine', values: ["'MyISAM'", "'InnoDB'"], on: everywhere },
  {
    name: 'tx_isolation',
    values: ["'READ-COMMITTED'", "'SERIALIZABLE'"],
    on: ({ mariadb, version }) => (mariadb ? version < 110100 : version < 80000),
  },
  { name: 'autocommit', values: ['0'], on: everywhere },
  { name: 'completion_type', values: ["'CHAIN'"], on: everywhere },
  { name: 'low_priority_updates', values: ['1'], on: everywhere },
  { name: 'concurrent_insert', values: ['0', '2'], on: everywhere },
  { name: 'div_precision_increment', values: ['0', '9'], on: everywhere },
  { name: 'foreign_key_checks', values: ['0'], on: everywhere },
  { name: 'unique_checks', values: ['0'], on: everywhere },
  { name: 'sql_auto_is_null', values: ['1'], on: everywhere },
  { name: 'sql_quote_show_create', values: ['0'], on: everywhere },
  { name: 'auto_increment_increment', values: ['3'], on: everywhere },
  { name: 'updatable_views_with_limit', values: ["'NO'"], on: everywhere },
  { name: 'innodb_file_per_table', values: ['0'], on: ({ version }) => version < 110000 && version !== 0 },
  {
    name: 'innodb_file_format',
    values: ["'Antelope'", "'Barracuda'"],
    on: ({ mariadb, version }) => !mariadb && version < 50700,
  },
  {
    name: 'innodb_large_prefix',
    values: ['0', '1'],
    on: ({ mariadb, version }) => !mariadb && version < 50700,
  },
  {
    name: 'innodb_default_row_format',
    values: ["'compact'", "'redundant'"],
    on: ({ version }) => version >= 50709,
  },
  {
    name: 'old_mode',
    values: ["'UTF8_IS_UTF8MB3'", "''"],
    on: ({ mariadb, version }) => mariadb && version >= 100601,
  },
  {
    name: 'alter_algorithm',
    values: ["'INSTANT'", "'COPY'", "'NOCOPY'"],
    on: ({ mariadb, version }) => mariadb && version >= 100307 && version < 110500,
  },
  {
    name: 'check_constraint_checks',
    values: ['0'],
    on: ({ mariadb, version }) => mariadb && version >= 100201,
  },
  { name: 'max_statement_time', values: ['20'], on: onMariadb },
  {
    name: 'system_versioning_alter_history',
    values: ["'KEEP'"],
    on: ({ mariadb, version }) => mariadb && version >= 100304,
  },
  {
    name: 'sql_require_primary_key',
    values: ['1'],
    on: ({ mariadb, version }) => !mariadb && version >= 80013,
  },
  {
    name: 'sql_generate_invisible_primary_key',
    values: ['1'],
    on: ({ mariadb, version }) => !mariadb && version >= 80030,
  },
  {
    name: 'show_gipk_in_create_table_and_information_schema',
    values: ['0'],
    on: ({ mariadb, version }) => !mariadb && version >= 80030,
  },
  { name: 'event_scheduler', values: ['0'], on: everywhere },
];

/** Global variables as an administrator may have left them. */
export function someSettings(random: Random, ground: Ground): readonly Setting[] {
  const able = choices.filter(({ on }) => on(ground));
  const chosen = Array.from({ length: random.between(1, 3) }, () => random.pick(able));
  return chosen
    .filter(({ name }, index) => chosen.findIndex((other) => other.name === name) === index)
    .map(({ name, values }) => ({ name, value: random.pick(values) }));
}

/** Arguments that a server keeps while it runs, for a block of seeds. */
export function someArguments(random: Random, ground: Ground): readonly string[] {
  if (random.chance(0.4)) return [];
  const args: string[] = [];
  if (ground.kind !== 'mysql' && random.chance(0.3)) args.push('--lower-case-table-names=1');
  if (ground.kind === 'mysql-5.6' && random.chance(0.4)) args.push('--explicit-defaults-for-timestamp=ON');
  if (random.chance(0.3)) args.push(`--character-set-server=${random.pick(['latin1', 'utf8mb4', 'cp1251'])}`);
  if (random.chance(0.2)) args.push('--log-bin=binlog', '--server-id=1', '--binlog-format=ROW');
  if (random.chance(0.2)) args.push('--init-connect=SET @seen = 1');
  if (random.chance(0.2)) args.push('--local-infile=0');
  return args;
}

/** Names of the variables that cases change. */
export const changedSettings: readonly string[] = [...new Set(choices.map(({ name }) => name))];
