import type { StorageAdapter } from '../adapter.js';

/** What a check works with: fresh keys, the adapter, and a second one. */
export interface ContractBench {
  readonly adapter: StorageAdapter;
  /** Another adapter on the same store. */
  readonly other: StorageAdapter;
  /** A key of this check alone. */
  key(name: string): string;
  readonly severalParts: number;
  readonly severalPages: number;
  /** Adapters that cannot do their work. */
  readonly broken: readonly StorageAdapter[];
  read(adapter: StorageAdapter, key: string): Promise<Uint8Array>;
  keys(adapter: StorageAdapter, prefix: string): Promise<string[]>;
  /** Waits until a thing is so, at most as long as the store may take to settle. */
  settled(isSo: () => Promise<boolean>): Promise<boolean>;
}

/** A promise and how it is tried. */
export interface NamedCheck {
  readonly name: string;
  readonly try: (bench: ContractBench) => Promise<void>;
}
