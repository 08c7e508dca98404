import { escapeControls } from '../escape-controls.js';

/** Lines of two columns, the first as wide as its longest word. Safe to show, whatever is in them. */
export function formatPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${escapeControls(value)}`).join('\n');
}
