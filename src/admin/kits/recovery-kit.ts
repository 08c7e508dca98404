import { identityToRecipient } from 'age-encryption';
import { split } from 'shamir-secret-sharing';
import {
  fault,
  identitiesOfKit,
  identitiesOfSecret,
  kitSecretBytes,
  wordsOfKit,
  wordsOfSheet,
} from '../../archive/kit-words.js';
import { assertArgument } from '../../arguments.js';
import { BackupError, during } from '../../errors.js';
import { Secret } from '../secret.js';
import { renderKitPage } from './kit-page.js';
import { type KeptKits, type KitStore, mostKits, type RecoveryKit } from './kit-store.js';

/** Options of {@link createRecoveryKit}. */
export interface CreateKitOptions {
  /** Where its public half is kept. */
  readonly store: KitStore;
  /** Name of the practice, for its sheets. */
  readonly practice: string;
  /** Who will keep it, for its sheets. */
  readonly owner: string;
  /** All words on one sheet, or three sheets of which any two give the words. @defaultValue 1 */
  readonly sheets?: 1 | 3 | undefined;
  /** A key that withstands quantum computers, for a practice whose keys do. @defaultValue false */
  readonly postQuantum?: boolean | undefined;
  /** @defaultValue the present moment */
  readonly now?: Date | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A new kit. Its secret is nowhere else. */
export interface MadeKit {
  /** As it is kept. */
  readonly kit: RecoveryKit;
  /** The words of each sheet. */
  readonly words: readonly Secret[];
  /**
   * An HTML page to be printed and closed, with the words and a QR code of them; a page of paper for each
   * sheet.
   */
  readonly page: Secret;
}

/** Options of {@link confirmRecoveryKit} and {@link revokeRecoveryKit}. */
export interface KitOptions {
  /** Where its public half is kept. */
  readonly store: KitStore;
  /** @defaultValue the present moment */
  readonly now?: Date | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a second way into the archives, on paper, for the day on which the one person who knows the password
 * is gone. It takes effect once its words are confirmed, see {@link confirmRecoveryKit}. Only the result
 * holds the secret.
 *
 * @throws BackupError `settings-invalid` when the place where kits are kept cannot be used
 * @example
 * ```ts
 * const store = createFileKits({ path: `${spool}/kits.json` });
 * const { kit, page } = await createRecoveryKit({ store, practice: 'Example Dental', owner: 'Dr. Ada' });
 * console.log(kit.id, page.reveal().length);
 * ```
 */
export function createRecoveryKit(options: CreateKitOptions): Promise<MadeKit> {
  return during('settings', async () => {
    assertArgument('options', options, 'object', {
      store: 'object',
      practice: 'text',
      owner: 'text',
      sheets: 'number?',
      postQuantum: 'boolean?',
      now: 'date?',
      signal: 'signal?',
    });
    assertArgument('options.store', options.store, 'object', { load: 'function', save: 'function' });
    const { store, practice, owner, sheets = 1, postQuantum = false, now = new Date() } = options;
    if (sheets !== 1 && sheets !== 3) throw new RangeError('"options.sheets" must be 1 or 3');
    if (owner.length > 200 || practice.length > 200) {
      throw new RangeError('"options.owner" and "options.practice" must be short names');
    }
    const secret = crypto.getRandomValues(new Uint8Array(kitSecretBytes));
    try {
      const recipient = await identityToRecipient(identitiesOfSecret(secret)[postQuantum ? 1 : 0]);
      const kit: RecoveryKit = {
        id: hex(crypto.getRandomValues(new Uint8Array(4))),
        owner,
        recipient,
        sheets,
        createdAt: now.toISOString(),
      };
      const words = sheets === 1 ? [wordsOfKit(secret)] : await wordsOfSheets(secret);
      await change(options, store, (kits) => {
        if (kits.length < mostKits) return [...kits, kit];
        throw new BackupError('settings-invalid', `There are ${mostKits} recovery kits already.`);
      });
      const page = renderKitPage({ kit, practice, words });
      return { kit, words: words.map((each) => new Secret(each)), page: new Secret(page) };
    } finally {
      secret.fill(0);
    }
  });
}

/**
 * Confirms with its words, typed or scanned, that a kit was printed and is legible. From the next night on
 * every archive opens with it as well.
 *
 * @param words - of the kit, or of two of its sheets, in one text
 * @throws BackupError `wrong-key` when they are mistyped or of a kit that was not made here; `details.reason`
 * says which
 * @example
 * ```ts
 * const store = createFileKits({ path: `${spool}/kits.json` });
 * const { words } = await createRecoveryKit({ store, practice: 'Example Dental', owner: 'Dr. Ada' });
 * const kit = await confirmRecoveryKit(words.map((sheet) => sheet.reveal()).join('\n'), { store });
 * console.log(kit.confirmedAt);
 * ```
 */
export function confirmRecoveryKit(words: string, options: KitOptions): Promise<RecoveryKit> {
  return during('settings', async () => {
    assertKitOptions(options);
    const recipients = await Promise.all((await identitiesOfKit(words)).map(identityToRecipient));
    let confirmed: RecoveryKit | undefined;
    await change(options, options.store, (kits) =>
      kits.map((kit) => {
        if (!recipients.includes(kit.recipient)) return kit;
        if (kit.revokedAt !== undefined) throw revoked(kit);
        confirmed = { ...kit, confirmedAt: kit.confirmedAt ?? (options.now ?? new Date()).toISOString() };
        return confirmed;
      }),
    );
    if (confirmed === undefined) {
      throw fault('other-kit', 'These are the words of another recovery kit, which was not made here.');
    }
    return confirmed;
  });
}

/**
 * Ends a kit: from the next night on no archive opens with it. Those that were made while it counted go on
 * opening with it, so destroy its sheets, or keep them as a way to those.
 *
 * @param id - as on its sheets
 * @throws BackupError `settings-invalid` when there is no such kit
 * @example
 * ```ts
 * const store = createFileKits({ path: `${spool}/kits.json` });
 * const { kit } = await createRecoveryKit({ store, practice: 'Example Dental', owner: 'Dr. Ada' });
 * console.log((await revokeRecoveryKit(kit.id, { store })).revokedAt);
 * ```
 */
export function revokeRecoveryKit(id: string, options: KitOptions): Promise<RecoveryKit> {
  return during('settings', async () => {
    assertArgument('id', id, 'text');
    assertKitOptions(options);
    let ended: RecoveryKit | undefined;
    await change(options, options.store, (kits) =>
      kits.map((kit) => {
        if (kit.id !== id) return kit;
        ended = { ...kit, revokedAt: kit.revokedAt ?? (options.now ?? new Date()).toISOString() };
        return ended;
      }),
    );
    if (ended === undefined)
      throw new BackupError('settings-invalid', 'There is no recovery kit of that number.');
    return ended;
  });
}

function assertKitOptions(options: KitOptions): void {
  assertArgument('options', options, 'object', { store: 'object', now: 'date?', signal: 'signal?' });
  assertArgument('options.store', options.store, 'object', { load: 'function', save: 'function' });
}

/** Changes the stored kits, and tries again when another process changed them meanwhile. */
async function change(
  { signal }: { readonly signal?: AbortSignal | undefined },
  store: KitStore,
  decide: (kits: KeptKits['kits']) => KeptKits['kits'],
): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const { revision, kits } = (await store.load({ signal })) ?? { revision: 0, kits: [] };
    const decided = decide(kits);
    if (decided.every((kit, i) => kit === kits[i]) && decided.length === kits.length) return;
    if (await store.save({ revision: revision + 1, kits: decided }, { signal })) return;
  }
  throw new BackupError(
    'storage-transient',
    'The recovery kits could not be saved: another process keeps changing them.',
  );
}

async function wordsOfSheets(secret: Uint8Array): Promise<readonly string[]> {
  const shares = await split(secret, 3, 2);
  try {
    return shares.map(wordsOfSheet);
  } finally {
    for (const share of shares) share.fill(0);
  }
}

function revoked({ id }: RecoveryKit): BackupError {
  return new BackupError('settings-invalid', `The recovery kit ${id} was revoked; make another one.`);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
