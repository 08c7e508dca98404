import { makeKeyPair } from '../../admin/key-pair.js';
import { utf8 } from '../../bytes.js';
import type { Command } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { writeArchive } from '../output.js';
import { isStoreUrl } from '../store-url.js';

/** `keygen`: a key file, beside the password of an administrator. */
export const keygenCommand: Command = {
  name: 'keygen',
  help: `Make a key file, and print the public key that archives are sealed to.

Usage: supplemental-backup keygen --out FILE

The file is the secret key: anyone who has it can open every archive sealed
to the public key, without a password. Print it or put it on a stick, and keep
it in a safe, never on the computer that is backed up and never beside the
archives. Without it, and without the administrator's password, nobody can open
them.

  --out FILE         the key file, for this user alone; never overwrites
  --post-quantum     a key that a quantum computer does not break either;
                     the public key is long, and age takes it from 1.3 on
  --json             one JSON document
`,
  examples: [['a key, then a backup that it opens', 'keygen --out practice-key.txt']],
  options: { out: { type: 'string' }, 'post-quantum': { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const out = given.required('out');
    if (out === '-' || isStoreUrl(out)) {
      throw new UsageError('--out must be a file: a secret key must not go to a screen or into a store.');
    }
    const { recipient, identity } = await makeKeyPair(given.flag('post-quantum'));
    const createdAt = (line.now?.() ?? new Date()).toISOString();
    const content = utf8(`# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n`);
    try {
      await writeArchive([content], out, line);
    } finally {
      content.fill(0);
    }
    return {
      json: { out, recipient },
      text: [
        recipient,
        '',
        `The secret key is in ${out}, readable by this user only. Keep it on paper or a stick in a safe, not on this computer and not beside the archives. To seal to it, and to open with it:`,
        `  supplemental-backup backup … --recipient ${recipient.length > 100 ? 'age1…' : recipient}`,
        `  supplemental-backup restore … --identity ${out}`,
      ].join('\n'),
    };
  },
};
