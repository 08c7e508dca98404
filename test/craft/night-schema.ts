import { nightFileSchema } from '../../src/nightly/file/night-file.js';

/** `docs/night.schema.json`, made from what the program asks of the file. */
export function renderNightSchema(): string {
  return `${JSON.stringify(nightFileSchema(), null, 2)}\n`;
}
