import type { SchemaObjectKind } from './database.js';
import type { ArchiveScope, FormatVersion } from './label.js';

/** What a dump obtained. */
export interface DumpSummary {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the snapshot was taken: locks granted or transaction opened. */
  readonly snapshotAt: string;
  /** When the last row was read; ISO 8601, UTC. */
  readonly finishedAt: string;
  /** Whether all tables are of one moment. */
  readonly consistency: Consistency;
  /** Seconds during which the office could not write to some table. */
  readonly lockSeconds: number;
  /** Replication position of the snapshot, when the server keeps one and lets us see it (K7). */
  readonly position?: Readonly<Record<string, string>>;
  /** Each table that was read. */
  readonly tables: readonly TableSummary[];
  /** Everything that exists and is not in the archive, each with its reason (R5). */
  readonly leftOut: readonly LeftOut[];
  /** What a person should know about it. */
  readonly warnings: readonly DumpWarning[];
}

/** Whether all tables are of one moment. */
export type Consistency =
  | { readonly kind: 'consistent'; readonly by: 'lock' | 'lock-and-snapshot' | 'snapshot' }
  | { readonly kind: 'per-table'; readonly reason: string };

/** What was read of one table. */
export interface TableSummary {
  /** Its number in the archive. */
  readonly index: number;
  /** As the server has it. */
  readonly name: string;
  /** Storage engine. */
  readonly engine: string;
  /** Rows that were read. */
  readonly rows: number;
  /** Number of column parts. */
  readonly parts: number;
  /** Sizes of the column parts together, before and after compression, in bytes. */
  readonly plainBytes: number;
  /** Size of those in the archive. */
  readonly storedBytes: number;
  /** Present when the table is not complete and the caller allowed that: what is known about it (F9). */
  readonly incomplete?: string;
}

/** Something that exists at the source and is not in the archive. */
export interface LeftOut {
  /** What was left out. */
  readonly kind: 'table' | 'users' | SchemaObjectKind;
  /** As the server has it. */
  readonly name: string;
  /** For people. */
  readonly reason: string;
}

/** Something a person should know about the copy, though it is complete. */
export interface DumpWarning {
  /** Stable, kebab-case. */
  readonly code: string;
  /** For people; holds no row value. */
  readonly message: string;
  /** The table it is about; absent where it is about more. */
  readonly table?: string;
}

/** `manifest.json`, the last entry: the summary and the place of every entry. */
export interface Manifest extends DumpSummary {
  /** Version of the format. */
  readonly format: FormatVersion;
  /** As in the label. */
  readonly archiveId: string;
  /** Ties every file to this archive: random, and only inside the seal. Absent in archives before 1.2. */
  readonly contentId?: string | undefined;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** Each file of the archive, in order. */
  readonly entries: readonly ManifestEntry[];
}

/** One entry of the tar. */
export interface ManifestEntry {
  /** Of the file in the tar. */
  readonly name: string;
  /** Where its content starts in the plaintext, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the content, lower-case hex. */
  readonly sha256: string;
  /** For column parts. */
  readonly rows?: number;
}
