import { join } from 'node:path';
import { createFileKits, type KitStore, type RecoveryKit } from '../../admin/kits/kit-store.js';
import { confirmRecoveryKit, createRecoveryKit, revokeRecoveryKit } from '../../admin/kits/recovery-kit.js';
import { utf8 } from '../../bytes.js';
import { escapeControls, escapeControlsInLines } from '../../escape-controls.js';
import type { Arguments, Command, CommandLine, CommandResult } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { askKitWords } from '../kit-words.js';
import { writeArchive } from '../output.js';
import { localDay } from '../wording/local-time.js';

/** `kit`: recovery kits on paper. */
export const kitCommand: Command = {
  name: 'kit',
  help: `Make, confirm, list and revoke recovery kits: words on paper that open the
copies when nobody knows the password any more. A kit counts from the first
night after it was confirmed, until it is revoked.

Usage: supplemental-backup kit create --spool FOLDER --practice NAME
                               --owner NAME --out FILE [--split]
       supplemental-backup kit confirm --spool FOLDER [--words-fd N]
       supplemental-backup kit list --spool FOLDER
       supplemental-backup kit revoke ID --spool FOLDER

  --spool FOLDER     the service's folder, where the public halves are kept
  --practice NAME    of the practice, for the sheets
  --owner NAME       who keeps the kit, for the sheets
  --out FILE         the page to print, or - for stdout; delete it afterwards
  --split            three sheets, of which any two give the words
  --post-quantum     for a practice that uses post-quantum keys
  --words-fd N       read the words from descriptor N; else they are asked for
  --json             one JSON document, without the words
`,
  examples: [
    ['show that the words can be read, typed or scanned', 'kit confirm --spool /var/lib/backup'],
    [
      'a kit on one sheet, as a page to print',
      'kit create --spool /var/lib/backup --practice Smith \\\n    --owner Ada --out kit.html',
    ],
  ],
  options: {
    spool: { type: 'string' },
    practice: { type: 'string' },
    owner: { type: 'string' },
    out: { type: 'string' },
    split: { type: 'boolean' },
    'post-quantum': { type: 'boolean' },
    'words-fd': { type: 'string' },
  },
  words: ['create', 'confirm', 'list', 'revoke'],
  positionals: { least: 1, most: 2 },
  async run(given, line) {
    const [what, id] = given.positionals;
    const store = createFileKits({ path: join(given.required('spool'), 'kits.json') });
    const io = { store, signal: line.signal };
    if (what === 'revoke' && id !== undefined) {
      return tell(
        await revokeRecoveryKit(id, io),
        'Revoked. Copies of the next night and later do not open with it; older ones still do.',
      );
    }
    if (id !== undefined) throw new UsageError(`"kit ${what}" takes no "${id}".`);
    switch (what) {
      case 'create':
        return create(given, store, line);
      case 'confirm': {
        const kit = await confirmRecoveryKit(await askKitWords(given.text('words-fd'), line), io);
        return tell(kit, 'Confirmed. From the next night on every copy opens with it as well.');
      }
      case 'list': {
        const kits = (await store.load({ signal: line.signal }))?.kits ?? [];
        return {
          json: { kits },
          text: kits.length === 0 ? 'There is no recovery kit.' : kits.map(describeKit).join('\n'),
        };
      }
      default:
        throw new UsageError('Use "kit create", "kit confirm", "kit list" or "kit revoke ID".');
    }
  },
};

async function create(given: Arguments, store: KitStore, line: CommandLine): Promise<CommandResult> {
  const out = given.required('out');
  const { kit, page } = await createRecoveryKit({
    store,
    practice: given.required('practice'),
    owner: given.required('owner'),
    sheets: given.flag('split') ? 3 : 1,
    postQuantum: given.flag('post-quantum'),
    signal: line.signal,
  });
  try {
    await writeArchive([utf8(page.reveal())], out, line);
  } catch (error) {
    // Nobody has its words, so it could never be confirmed.
    await revokeRecoveryKit(kit.id, { store }).catch(() => undefined);
    throw error;
  }
  const text = `${describeKit(kit)}\nPrint ${out === '-' ? 'the page' : out}, confirm the words with "kit confirm", then delete it: whoever has it can open the copies.`;
  return { json: { kit, out }, text: escapeControlsInLines(text), to: out === '-' ? 'stderr' : 'stdout' };
}

function tell(kit: RecoveryKit, sentence: string): CommandResult {
  return { json: { kit }, text: `${describeKit(kit)}\n${sentence}` };
}

function describeKit({ id, owner, sheets, createdAt, confirmedAt, revokedAt }: RecoveryKit): string {
  const on = sheets === 1 ? 'one sheet' : 'three sheets, of which two are needed';
  const state =
    revokedAt !== undefined
      ? `revoked on ${localDay(revokedAt)}`
      : confirmedAt === undefined
        ? 'NOT CONFIRMED: no copy opens with it yet'
        : `counts since ${localDay(confirmedAt)}`;
  return escapeControls(`${id}  of ${localDay(createdAt)}, kept by ${owner}, on ${on}; ${state}`);
}
