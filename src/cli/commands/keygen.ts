import { makeKeyPair } from '../../admin/key-pair.js';
import { utf8 } from '../../bytes.js';
import type { Command } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { writeArchive } from '../output.js';
import { isStoreUrl } from '../store-url.js';

/** `keygen`: a key of one's own, beside the password of an administrator. */
export const keygenCommand: Command = {
  name: 'keygen',
  help: `Make a key file, and print the public key that archives are sealed to.

Usage: supplemental-backup keygen --out FILE

The file is the secret half: whoever has it opens every archive that is sealed
to the public key, without a password. Print it or put it on a stick, and keep
that in a safe, never on the computer that is backed up and never beside the
archives. Without it, and without the administrator's password, nobody opens
them.

  --out FILE         where to, for this user alone; what is there already stays
  --post-quantum     of the kind that a quantum computer does not break either;
                     the public key is long, and age takes it from 1.3 on
  --json             one JSON document
`,
  examples: [['a key, then a backup that it opens', 'keygen --out practice-key.txt']],
  options: { out: { type: 'string' }, 'post-quantum': { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const out = given.required('out');
    if (out === '-' || isStoreUrl(out)) {
      throw new UsageError('--out is a file: a secret key belongs on no screen and into no store.');
    }
    const { recipient, identity } = await makeKeyPair(given.flag('post-quantum'));
    const createdAt = (line.now?.() ?? new Date()).toISOString();
    const content = utf8(`# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n`);
    try {
      await writeArchive(once(content), out, line);
    } finally {
      // Best effort: the string it came from cannot be wiped.
      content.fill(0);
    }
    return {
      json: { out, recipient },
      text: [
        recipient,
        '',
        `The secret half is in ${out}, for this user alone. Keep it in a safe: on paper or a stick, not on this computer and not beside the archives. Seal to it and open with it:`,
        `  supplemental-backup backup … --recipient ${recipient.length > 100 ? 'age1…' : recipient}`,
        `  supplemental-backup restore … --identity ${out}`,
      ].join('\n'),
    };
  },
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
