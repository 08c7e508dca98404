import type { NightJournalState, VerifiedCopy } from './journal-state.js';

const texts = new WeakMap<VerifiedCopy, string>();
const lists = new WeakMap<readonly VerifiedCopy[], string>();

/**
 * A journal as it is written. Of the hundreds of copies that it remembers a night changes a few, and it is
 * written a dozen times a night: each copy is put into words once.
 */
export function journalText({ verified, ...others }: NightJournalState): string {
  const { hq, local } = verified;
  const copies = `"verified":{"hq":${listText(hq)},"local":${listText(local)}}`;
  return `${JSON.stringify(others).slice(0, -1)},${copies}}\n`;
}

function listText(copies: readonly VerifiedCopy[]): string {
  let text = lists.get(copies);
  if (text === undefined) {
    text = `[${copies.map(copyText).join()}]`;
    lists.set(copies, text);
  }
  return text;
}

function copyText(copy: VerifiedCopy): string {
  let text = texts.get(copy);
  if (text === undefined) {
    text = JSON.stringify(copy);
    texts.set(copy, text);
  }
  return text;
}
