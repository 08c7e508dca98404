import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tokenise } from '../../src/database/tokens.js';
import type { SchemaObjectKind } from '../../src/model/parts.js';
import { isOneProgram } from '../../src/recovery/export/one-program.js';
import { projectRoot } from '../archive/support/reader-script.js';
import { processorTime } from '../support/processor.js';

type Case = readonly [SchemaObjectKind, string];

const certain: readonly Case[] = [
  ['procedure', '() SELECT 1'],
  [
    'procedure',
    "(a INT, OUT b SET('x')) READS SQL DATA SQL SECURITY INVOKER COMMENT ';' BEGIN SELECT 1; END",
  ],
  [
    'function',
    "() RETURNS set('a','b') CHARACTER SET latin1 DETERMINISTIC RETURN CASE WHEN 1 THEN 'a' ELSE 'b' END",
  ],
  [
    'procedure',
    `() x: BEGIN NOT ATOMIC
      DECLARE a, b INT DEFAULT (CASE 1 WHEN 1 THEN 2 END);
      DECLARE c CURSOR FOR SELECT t.end, @case FROM t;
      DECLARE CONTINUE HANDLER FOR SQLSTATE VALUE '02000', NOT FOUND, 1064 BEGIN SET a = 1; END;
      DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK;
      IF a THEN SET b = 1; ELSEIF CASE WHEN a THEN 1 END THEN BEGIN END; ELSE SELECT IF(a, 1, 2); END IF;
      CASE WHEN a = 1 THEN SELECT 1; SELECT 2; ELSE BEGIN END; END CASE;
      CASE (CASE a WHEN 1 THEN 2 END) WHEN 2 THEN SELECT 1; END CASE;
      l: LOOP LEAVE l; END LOOP l;
      WHILE a DO SET a = a - 1; END WHILE;
      REPEAT SET b = b + 1; UNTIL b > 3 OR (CASE WHEN a THEN 1 ELSE 0 END) END REPEAT;
      FOR i IN 1..10 DO SELECT REPEAT('x', i); END FOR;
    END x`,
  ],
  ['trigger', ' FOLLOWS `o` BEGIN SET NEW.a = 1; END'],
  ['trigger', 'SET NEW.a = REPLACE(NEW.a, ";", "")'],
  ['event', 'BEGIN DELETE FROM t WHERE a; END'],
];
const unsure: readonly Case[] = [
  ['procedure', '() SELECT 1; DROP DATABASE x'],
  ['procedure', '() BEGIN END; DROP DATABASE x; BEGIN END'],
  ['procedure', '() BEGIN SELECT 1'],
  ['procedure', '() IF 1 THEN SELECT 1; END IF; DROP DATABASE x; END IF'],
  ['procedure', '() IF CASE WHEN end THEN IF(1,2,3) END THEN SELECT 1; END IF; DROP DATABASE x; END IF'],
  ['procedure', '() IF CASE WHEN 1 THEN begin END THEN SELECT 1; END IF; DROP DATABASE x; END'],
  ['procedure', '() IF CASE end WHEN 1 THEN 2 END THEN BEGIN END; END IF; DROP DATABASE x'],
  ['procedure', '() CASE WHEN end THEN SELECT 1; END CASE; DROP DATABASE x; END CASE'],
  ['procedure', '() BEGIN SELECT 1 AS end; END; DROP DATABASE x; END'],
  ['procedure', '() BEGIN SELECT 1 /*!50000 ; END; DROP DATABASE x; BEGIN */; END'],
  ['procedure', "() BEGIN SELECT $$ ' $$; END; DROP DATABASE x; SELECT ' $$; END"],
  ['procedure', '() loop: BEGIN END; DROP DATABASE x; LOOP END LOOP'],
  ['procedure', '() BEGIN end: LOOP LEAVE end; END LOOP; END; DROP DATABASE x'],
  ['procedure', '() BEGIN END x y; DROP DATABASE x'],
  ['function', '() RETURNS int RETURN 1; DROP DATABASE x'],
  ['trigger', 'SET NEW.a = 1; DROP DATABASE x'],
  ['event', 'DO BEGIN END; DROP DATABASE x; END'],
  ['event', 'WHILE do DO SELECT 1; END WHILE; DROP DATABASE x; END WHILE'],
];

describe('a program that stands in a script under a delimiter of its own', () => {
  it('is one statement for certain, however it is written', () => {
    for (const [kind, body] of certain) assert.ok(isOneProgram(kind, tokenise(body)), body);
  });

  it('is not believed where its end leaves a doubt', () => {
    for (const [kind, body] of unsure) assert.ok(!isOneProgram(kind, tokenise(body)), body);
  });

  it('is looked at in linear time', async () => {
    const used = await processorTime(() => {
      isOneProgram('procedure', tokenise(`() ${'BEGIN IF CASE '.repeat(60_000)}`));
      isOneProgram('procedure', tokenise(`() SELECT ${'CASE WHEN ('.repeat(60_000)}`));
    });
    assert.ok(used < 2000, `${used} ms`);
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  it('is judged alike by reader.py', { skip: hasPython ? false : 'no python3' }, () => {
    const program = `import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import reader
def is_one(kind, body):
    try:
        reader.Body(kind, reader.tokens_of(body))
        return True
    except reader.Refused:
        return False
print(json.dumps([is_one(*case) for case in json.load(sys.stdin)]))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', program, join(projectRoot, 'src', 'archive')], {
      input: JSON.stringify([...certain, ...unsure]),
      encoding: 'utf8',
    });
    assert.deepEqual(stdout === '' ? stderr : JSON.parse(stdout), [
      ...certain.map(() => true),
      ...unsure.map(() => false),
    ]);
  });
});
