/**
 * What the nights read on the outsides of archives, read once per archive: they look at each of them every
 * night.
 */
import type { Stanza } from 'age-encryption';
import * as header from '../../../src/archive/age/header.js';
import * as label from '../../../src/archive/label.js';
import type { Label } from '../../../src/model/parts.js';

export * from '../../../src/archive/age/header.js';
export { labelStanza } from '../../../src/archive/label.js';

const known = new Map<string, Promise<readonly Stanza[]>>();
const labels = new WeakMap<readonly Stanza[], Label | null>();

/** As {@link fakeArchive} writes it: read at once, where age's own reader makes streams. */
const plainHeader =
  /^age-encryption\.org\/v1\n-> (\S+)\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)--- A{43}\n$/;

function read(bytes: Uint8Array, text: string): Promise<readonly Stanza[]> {
  const found = plainHeader.exec(text);
  if (found === null) return header.stanzasOf(bytes);
  const [, type = '', body = ''] = found;
  return Promise.resolve([{ args: [type], body: new Uint8Array(Buffer.from(body, 'base64')) }]);
}

export function stanzasOf(bytes: Uint8Array): Promise<readonly Stanza[]> {
  const text = Buffer.from(bytes).toString('latin1');
  let found = known.get(text);
  if (found === undefined) {
    if (known.size > 1000) known.clear();
    found = read(bytes, text);
    known.set(text, found);
  }
  return found;
}

export function labelOf(stanzas: readonly Stanza[]): Label | null {
  let found = labels.get(stanzas);
  if (found === undefined) {
    found = label.labelOf(stanzas);
    labels.set(stanzas, found);
  }
  return found;
}
