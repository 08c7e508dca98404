/** Small files of the spool are parsed once where they say what they said the night before. */
import * as shapes from '../../../src/shapes.js';

export * from '../../../src/shapes.js';

const known = new Map<string, unknown>();

/** Nothing of a parsed file is ever changed. */
export function fromJson(text: string): unknown {
  if (known.has(text)) return known.get(text);
  const value = shapes.fromJson(text);
  if (known.size >= 16) known.clear();
  known.set(text, value);
  return value;
}
