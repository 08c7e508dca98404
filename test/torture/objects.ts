import { since, type TortureDefinition, type TortureKind } from './model.js';

// The name of the database stands inside definitions; a copy under another name must not differ by it.
const view = (name: string): string =>
  `SELECT TABLE_NAME, REPLACE(VIEW_DEFINITION, CONCAT('\`', DATABASE(), '\`.'), '') AS definition, CHECK_OPTION, IS_UPDATABLE, SECURITY_TYPE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '${name}' ORDER BY 1`;
const routine = (name: string): string =>
  `SELECT ROUTINE_NAME, ROUTINE_TYPE, HEX(ROUTINE_DEFINITION) AS body, DTD_IDENTIFIER, IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME LIKE '${name}' ORDER BY 1, 2`;
const triggers = (table: string): string =>
  `SELECT TRIGGER_NAME, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER, HEX(ACTION_STATEMENT) AS body, SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = '${table}' ORDER BY EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER, TRIGGER_NAME`;
const event = (name: string): string =>
  `SELECT EVENT_NAME, STATUS, TIME_ZONE, HEX(EVENT_DEFINITION) AS body, EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, ON_COMPLETION, EVENT_COMMENT, DEFINER, CHARACTER_SET_CLIENT FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND EVENT_NAME LIKE '${name}' ORDER BY 1`;

function object(
  id: string,
  kind: TortureKind,
  name: string,
  what: string,
  statements: readonly string[],
  probe: string,
  on?: TortureDefinition['on'],
): TortureDefinition {
  return { id, kind, name, what, statements, probe, ...(on === undefined ? {} : { on }) };
}

/** O: views, triggers, routines, events, sequences, packages, the database itself. */
export const objectCases: readonly TortureDefinition[] = [
  object(
    'O1',
    'view',
    'o01_a_top',
    'a view on a view that comes later by name',
    [
      'CREATE TABLE o01_base (id INT PRIMARY KEY, v INT) ENGINE=InnoDB',
      'INSERT INTO o01_base VALUES (1, 10), (2, 20), (3, -5)',
      'CREATE VIEW o01_z_bottom AS SELECT id, v FROM o01_base WHERE v > 0',
      'CREATE VIEW o01_m_middle AS SELECT id, v * 2 AS w FROM o01_z_bottom',
      'CREATE VIEW o01_a_top AS SELECT COUNT(*) AS n, SUM(w) AS total FROM o01_m_middle',
    ],
    'SELECT n, total FROM o01_a_top',
  ),
  object(
    'O1',
    'view',
    'o01_checked',
    'WITH CHECK OPTION over another view',
    [
      'CREATE TABLE o01_checked_base (id INT PRIMARY KEY, v INT) ENGINE=InnoDB',
      'CREATE VIEW o01_zz AS SELECT * FROM o01_checked_base WHERE v > 0',
      'CREATE VIEW o01_checked AS SELECT * FROM o01_zz WHERE v < 100 WITH CASCADED CHECK OPTION',
      'CREATE VIEW o01_checked_local AS SELECT * FROM o01_zz WHERE v < 50 WITH LOCAL CHECK OPTION',
    ],
    view('o01_checked%'),
  ),
  object(
    'O2',
    'view',
    'o02_broken',
    'a view whose table is gone',
    [
      'CREATE TABLE o02_gone (id INT) ENGINE=InnoDB',
      'CREATE VIEW o02_broken AS SELECT id FROM o02_gone',
      'DROP TABLE o02_gone',
    ],
    view('o02_broken'),
  ),
  object(
    'O3',
    'view',
    'o03_options',
    'a view with a column list, an algorithm, the caller’s rights, and a client of latin1',
    [
      'CREATE TABLE o03_base (id INT PRIMARY KEY, t VARCHAR(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8',
      "INSERT INTO o03_base VALUES (1, 'x')",
      'SET NAMES latin1',
      "CREATE ALGORITHM=TEMPTABLE SQL SECURITY INVOKER VIEW o03_options (`first`, `the 2nd`) AS SELECT id, CONCAT(t, 'é\\\\') FROM o03_base",
      'SET NAMES utf8mb4',
    ],
    view('o03_options'),
  ),
  object(
    'O3',
    'view',
    'o03_quotes`view',
    'a view with a backtick in its name and quotes in its text',
    [
      "CREATE VIEW `o03_quotes``view` AS SELECT 'it''s' AS a, \"say \\\"x\\\"\" AS b, 'back\\\\slash' AS `c``d`, '--' AS e, '/* no */' AS f",
    ],
    'SELECT * FROM `o03_quotes``view`',
  ),
  object(
    'O4',
    'trigger',
    'o04_audit',
    'a trigger that would write again while rows come back',
    [
      'CREATE TABLE o04_log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(50)) ENGINE=InnoDB',
      'CREATE TABLE o04_source (id INT PRIMARY KEY, v INT) ENGINE=InnoDB',
      "CREATE TRIGGER o04_audit AFTER INSERT ON o04_source FOR EACH ROW INSERT INTO o04_log (what) VALUES (CONCAT('insert ', NEW.id))",
      'INSERT INTO o04_source VALUES (1, 1), (2, 2)',
    ],
    'SELECT id, what FROM o04_log ORDER BY 1',
  ),
  object(
    'O4',
    'trigger',
    'o04_changing',
    'a trigger that would change the rows that come back',
    [
      'CREATE TABLE o04_changed (id INT PRIMARY KEY, v INT) ENGINE=MyISAM',
      'INSERT INTO o04_changed VALUES (1, 1), (2, 2)',
      'CREATE TRIGGER o04_changing BEFORE INSERT ON o04_changed FOR EACH ROW SET NEW.v = NEW.v + 1000',
    ],
    'SELECT id, v FROM o04_changed ORDER BY 1',
  ),
  object(
    'O5',
    'trigger',
    'o05_z_first',
    'several triggers of one event, in an order that their names do not have',
    [
      'CREATE TABLE o05_ordered (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=InnoDB',
      "CREATE TRIGGER o05_z_first BEFORE INSERT ON o05_ordered FOR EACH ROW SET NEW.v = CONCAT(NEW.v, '1')",
      "CREATE TRIGGER o05_a_third BEFORE INSERT ON o05_ordered FOR EACH ROW SET NEW.v = CONCAT(NEW.v, '3')",
      "CREATE TRIGGER o05_m_second BEFORE INSERT ON o05_ordered FOR EACH ROW FOLLOWS o05_z_first SET NEW.v = CONCAT(NEW.v, '2')",
      "INSERT INTO o05_ordered VALUES (1, '')",
    ],
    triggers('o05_ordered'),
    since(50702, 100203),
  ),
  object(
    'O6',
    'procedure',
    'o06_body',
    'a body with every kind of delimiter and comment in it',
    [
      "CREATE PROCEDURE o06_body() COMMENT 'it''s; // $$' BEGIN /* ;; */ SELECT ';' AS a; -- DELIMITER //\nSELECT '//' AS b; # comment $$\nSELECT 'it''s \\\\' AS c; BEGIN END; END /* the end */",
    ],
    routine('o06_body'),
  ),
  object(
    'O6',
    'trigger',
    'o06_row_begin',
    'ROW and BEGIN without a space worth the name, a comment at the end',
    [
      'CREATE TABLE o06_table (id INT) ENGINE=InnoDB',
      'CREATE TRIGGER o06_row_begin BEFORE INSERT ON o06_table FOR EACH ROW\nBEGIN\n  SET NEW.id = NEW.id; -- done\nEND',
    ],
    triggers('o06_table'),
  ),
  object(
    'O7',
    'function',
    'o07_ansi',
    'a routine written under ANSI_QUOTES and PIPES_AS_CONCAT',
    [
      "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
      'CREATE FUNCTION "o07 ansi"("p" VARCHAR(20)) RETURNS VARCHAR(50) DETERMINISTIC RETURN "p" || \'"\' || \'x\'',
      "SET SESSION sql_mode = ''",
    ],
    "SELECT `o07 ansi`('q')",
  ),
  object(
    'O7',
    'function',
    'o07_backslash',
    'a routine written under NO_BACKSLASH_ESCAPES, another without',
    [
      "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
      "CREATE FUNCTION o07_backslash() RETURNS VARCHAR(50) DETERMINISTIC RETURN 'a\\n'",
      "SET SESSION sql_mode = ''",
      "CREATE FUNCTION o07_escape() RETURNS VARCHAR(50) DETERMINISTIC RETURN 'a\\n'",
    ],
    'SELECT HEX(o07_backslash()), HEX(o07_escape())',
  ),
  object(
    'O7',
    'procedure',
    'o07_latin1',
    'a routine of a latin1 client, with letters outside ASCII',
    [
      'SET NAMES latin1',
      "CREATE PROCEDURE o07_latin1(IN p VARCHAR(20) CHARACTER SET latin1) BEGIN SELECT CONCAT(p, 'é') AS `ü`; END",
      'SET NAMES utf8mb4',
    ],
    routine('o07_latin1'),
  ),
  object(
    'O7',
    'trigger',
    'o07_ansi_trigger',
    'a trigger written under ANSI_QUOTES',
    [
      'CREATE TABLE o07_table (id INT, "t" VARCHAR(20)) ENGINE=InnoDB'.replaceAll('"', '`'),
      "SET SESSION sql_mode = 'ANSI_QUOTES'",
      'CREATE TRIGGER o07_ansi_trigger BEFORE INSERT ON o07_table FOR EACH ROW SET NEW."t" = \'x\'',
      "SET SESSION sql_mode = ''",
    ],
    triggers('o07_table'),
  ),
  object(
    'O8',
    'procedure',
    'o08_ghost',
    'a definer who does not exist',
    [
      'CREATE DEFINER=`ghost`@`nowhere` PROCEDURE o08_ghost() SQL SECURITY DEFINER SELECT 1',
      'CREATE DEFINER=`ghost`@`nowhere` SQL SECURITY DEFINER VIEW o08_ghost_view AS SELECT 1 AS one',
    ],
    routine('o08_ghost'),
  ),
  object(
    'O10',
    'view',
    'o10_calls',
    'a view that calls a function that comes later by name',
    [
      'CREATE FUNCTION o10_z_double(n INT) RETURNS INT DETERMINISTIC RETURN n * 2',
      'CREATE VIEW o10_calls AS SELECT o10_z_double(21) AS answer',
    ],
    'SELECT answer FROM o10_calls',
  ),
  object(
    'O11',
    'package',
    'o11_package',
    'a package and its body',
    [
      'SET SESSION sql_mode = ORACLE',
      'CREATE PACKAGE o11_package AS FUNCTION answer RETURN INT; PROCEDURE nothing; END',
      'CREATE PACKAGE BODY o11_package AS base INT := 40; FUNCTION answer RETURN INT AS BEGIN RETURN base + 2; END; PROCEDURE nothing AS BEGIN NULL; END; END',
      "SET SESSION sql_mode = ''",
    ],
    routine('o11_package'),
    since(undefined, 100305),
  ),
  object(
    'O11',
    'function',
    'o11_aggregate',
    'an aggregate function',
    [
      'CREATE AGGREGATE FUNCTION o11_aggregate(x INT) RETURNS INT BEGIN DECLARE total INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN total; LOOP FETCH GROUP NEXT ROW; SET total = total + x; END LOOP; END',
    ],
    'SELECT o11_aggregate(n) FROM (SELECT 1 AS n UNION ALL SELECT 2) both_rows',
    since(undefined, 100303),
  ),
  object(
    'O12',
    'event',
    'o12_enabled',
    'an enabled event that must not run on a copy before somebody wants it',
    [
      'CREATE TABLE o12_ran (at DATETIME) ENGINE=MyISAM',
      "CREATE EVENT o12_enabled ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ENDS '2037-12-31 00:00:00' COMMENT 'it''s on' DO INSERT INTO o12_ran VALUES (NOW())",
    ],
    event('o12_enabled'),
  ),
  object(
    'O12',
    'event',
    'o12_disabled',
    'an event that is disabled',
    [
      "CREATE EVENT o12_disabled ON SCHEDULE EVERY 90 SECOND STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 1",
    ],
    event('o12_disabled'),
  ),
  object(
    'O12',
    'event',
    'o12_replica',
    'an event that is disabled on a replica only',
    [
      "CREATE EVENT o12_replica ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01 00:00:00' DISABLE ON SLAVE DO SELECT 1",
    ],
    event('o12_replica'),
  ),
  object(
    'O12',
    'event',
    'o12_once',
    'an event of a single moment, in a time zone of its own, under ANSI_QUOTES',
    [
      "SET SESSION time_zone = '-05:00', sql_mode = 'ANSI_QUOTES'",
      'CREATE EVENT "o12_once" ON SCHEDULE AT \'2037-06-01 12:00:00\' ON COMPLETION PRESERVE DO BEGIN SELECT \'x\' AS "y"; END',
      "SET SESSION time_zone = '+00:00', sql_mode = ''",
    ],
    event('o12_once'),
  ),
  object(
    'O13',
    'sequence',
    'o13_used',
    'a sequence that has given values away, without cache',
    [
      'CREATE SEQUENCE o13_used START WITH 5 INCREMENT BY 3 NOCACHE',
      'SELECT NEXT VALUE FOR o13_used',
      'SELECT NEXT VALUE FOR o13_used',
    ],
    'SELECT next_not_cached_value, minimum_value, maximum_value, increment, cache_size, cycle_option, cycle_count FROM o13_used',
    since(undefined, 100303),
  ),
  object(
    'O13',
    'sequence',
    'o13_down',
    'a sequence that counts down below zero, and around',
    [
      'CREATE SEQUENCE o13_down START WITH 2 INCREMENT BY -3 MINVALUE -10 MAXVALUE 5 CYCLE NOCACHE',
      ...Array.from({ length: 6 }, () => 'SELECT NEXT VALUE FOR o13_down'),
    ],
    'SELECT next_not_cached_value, minimum_value, maximum_value, increment, cache_size, cycle_option, cycle_count FROM o13_down',
    since(undefined, 100303),
  ),
  object(
    'O13',
    'sequence',
    'o13_cached',
    'a sequence with a cache, whose copy may be ahead but never behind',
    ['CREATE SEQUENCE o13_cached CACHE 100', 'SELECT NEXT VALUE FOR o13_cached'],
    'SELECT minimum_value, maximum_value, increment, cache_size, next_not_cached_value >= 2 FROM o13_cached',
    since(undefined, 100303),
  ),
  object(
    'O15',
    'database',
    '',
    'character set and collation of the database',
    [],
    'SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()',
  ),
];
