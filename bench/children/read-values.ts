/** Decrypts an archive and reads every value of it back into columns: `read-values.js FILE IDENTITY`. */
import { createReadStream } from 'node:fs';
import { argv } from 'node:process';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { unpackRows } from '../../src/columns/pack.js';
import type { ValueForm } from '../../src/model/parts.js';

const [, , path = '', identity = ''] = argv;
const forms = new Map<number, readonly ValueForm[]>();
let pending: Promise<unknown> = Promise.resolve();
for await (const part of decryptArchive(createReadStream(path, { highWaterMark: 1 << 20 }), {
  identities: [identity],
})) {
  if (part.kind === 'table') {
    const kept = part.table.columns.map(({ form }) => form).filter((form) => form !== null);
    forms.set(part.table.index, kept);
  }
  if (part.kind !== 'rows') continue;
  // One part is inflated while the next is decrypted.
  const next = unpackRows(part, forms.get(part.table)!);
  await pending;
  pending = next;
}
await pending;
