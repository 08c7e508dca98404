import type { LeftOut } from '../model/parts.js';
import { formatCount } from '../quantities.js';

const namesShown = 8;

/**
 * What an archive does not hold, as lines for people, one for each reason. Names come from the database, so
 * the lines must still pass `escapeControls`.
 */
export function describeLeftOut(leftOut: readonly LeftOut[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { kind, name, reason } of leftOut) {
    const called = kind === 'table' || kind === 'users' ? name : `${kind} ${name}`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), called]);
  }
  return [...byReason].map(([reason, names]) => {
    const more = names.length > namesShown ? ` and ${formatCount(names.length - namesShown)} more` : '';
    return `Left out: ${names.slice(0, namesShown).join(', ')}${more}. ${sentence(reason)}`;
  });
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? '' : '.'}`;
}
