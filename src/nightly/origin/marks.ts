/** Short texts by which a later night notices that an object was written again. */
import { hash } from 'node:crypto';
import type { StoredObject } from '../../storage/adapter.js';

/** Changes when an object is written again. */
export function markOf({ etag, modifiedAt }: StoredObject): string {
  return `${etag ?? ''} ${modifiedAt.getTime()}`.slice(0, 300);
}

/** The same of a note, in fewer characters. */
export function noteMarkOf(note: StoredObject): string {
  return hash('sha256', markOf(note)).slice(0, 12);
}
