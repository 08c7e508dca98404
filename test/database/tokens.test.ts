import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join, tokenise } from '../../src/database/tokens.js';
import { isBackupError } from '../../src/errors.js';
import { processorTime } from '../support/processor.js';

const size = 8 * 2 ** 20;

// Each made a reader that goes back over what it saw take minutes, or run out of room for its steps.
const long: Readonly<Record<string, string>> = {
  'a quote that nothing closes': `'${'a'.repeat(2 * size)}`,
  'quotes that are doubled to the end': `'${"''".repeat(size)}`,
  'a text full of backslashes': `"${'\\a'.repeat(size)}`,
  'a text that ends in a backslash': `'${'\\'.repeat(2 * size - 1)}`,
  'a name that nothing closes': `\`${'``'.repeat(size)}`,
  'a comment that nothing closes': `/*${'* /'.repeat(size)}`,
  'a comment full of beginnings': `/*${' --#'.repeat(size)}`,
  'a line that nothing ends': `-- ${'-- '.repeat(size)}`,
  'a word of megabytes': 'w'.repeat(2 * size),
  'a space of megabytes': ' '.repeat(2 * size),
};

for (const [what, sql] of Object.entries(long)) {
  test(`F7: ${what} is one piece, found in one look`, async () => {
    let tokens: ReturnType<typeof tokenise> = [];
    const used = await processorTime(() => {
      tokens = tokenise(sql);
    });
    assert.ok(used < 2000, `${used} ms`);
    assert.ok(tokens.length <= 2, String(tokens.length));
    assert.equal(join(tokens) === sql, true);
  });
}

test('F7: a statement of more pieces than a server ever makes is refused before it fills the memory', () => {
  assert.throws(
    () => tokenise('a,'.repeat(size)),
    (error) => isBackupError(error, 'archive-limit-exceeded'),
  );
});

test('pieces end where a server ends them', () => {
  const pieces = (sql: string): readonly string[] => tokenise(sql).map(({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(pieces("'it''s' 'a\\'b' \"c\"\"d\" `e``f\\`"), [
    "text 'it''s'",
    'space  ',
    "text 'a\\'b'",
    'space  ',
    'text "c""d"',
    'space  ',
    'name `e``f\\`',
  ]);
  assert.deepEqual(pieces('1--2 -- x\n#y\n/* z */!/*!50001 w*/'), [
    'word 1',
    'symbol -',
    'symbol -',
    'word 2',
    'space  ',
    'comment -- x',
    'space \n',
    'comment #y',
    'space \n',
    'comment /* z */',
    'symbol !',
    'symbol /*!50001',
    'space  ',
    'word w',
    'symbol */',
  ]);
});
