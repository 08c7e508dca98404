import type { NightJournalState, VerifiedCopy } from './journal-state.js';

const texts = new WeakMap<object, string>();
const lists = new WeakMap<readonly VerifiedCopy[], string>();

/**
 * The text of a journal. A night changes a few of its hundreds of copies and writes it a dozen times, so each
 * copy, and each member, is serialised only once.
 */
export function journalText({ verified, ...others }: NightJournalState): string {
  const { hq, local } = verified;
  let text = '{';
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined) text += `"${name}":${textOf(value)},`;
  }
  return `${text}"verified":{"hq":${listText(hq)},"local":${listText(local)}}}\n`;
}

function listText(copies: readonly VerifiedCopy[]): string {
  let text = lists.get(copies);
  if (text === undefined) {
    text = `[${copies.map(textOf).join()}]`;
    lists.set(copies, text);
  }
  return text;
}

/** States are immutable: what is new is another object. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = texts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    texts.set(value, text);
  }
  return text;
}
