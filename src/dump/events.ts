import type { Consistency } from '../model/parts.js';

/** Events while a snapshot is being opened and held. */
export type SnapshotEvent =
  | { readonly kind: 'locks-refused'; readonly attempt: number; readonly retryInMs: number | null }
  | { readonly kind: 'opened'; readonly consistency: Consistency }
  | { readonly kind: 'unlocked'; readonly lockSeconds: number };
