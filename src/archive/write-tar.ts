import { engine } from '#engine';
import { utf8 } from '../bytes.js';
import { BackupError } from '../errors.js';
import type {
  DumpSummary,
  Label,
  Manifest,
  ManifestEntry,
  Part,
  RowsPart,
  TableDescription,
} from '../model/parts.js';
import { makeContentId } from './content-id.js';
import { formatVersion } from './descriptions.js';
import {
  databaseName,
  manifestName,
  objectsName,
  readerName,
  readmeName,
  rowsEntryName,
  tableEntryName,
} from './entry-names.js';
import { readerScript } from './reader-script.js';
import { readme } from './readme.js';
import { mostFiles, tarBlockBytes, tarEndBytes, tarHeader, tarPadding } from './tar.js';

/**
 * The tar of an archive, piece by piece, from the parts of a dump.
 *
 * @param onManifest - called with the manifest once it is written
 * @param contentId - what ties its files to it, known to nobody before
 * @throws BackupError `dump-incomplete` when the summary promises other rows than came, or no summary came
 * @throws BackupError `archive-limit-exceeded` when there are more parts than a reader takes
 * @throws RangeError when the parts come in an order that no reader takes, or are of another scope than the
 *   label
 */
export async function* writeTar(
  parts: AsyncIterable<Part>,
  label: Label,
  onManifest: (manifest: Manifest) => void,
  contentId: string = makeContentId(),
): AsyncGenerator<Uint8Array> {
  const { archiveId, scope } = label;
  const time = Math.floor(Date.parse(label.createdAt) / 1000);
  const entries: ManifestEntry[] = [];
  const contents = new TableContents();
  let offset = 0;
  let hasDatabase = false;
  let hasObjects = false;

  async function* entry(
    name: string,
    content: Uint8Array,
    sha256?: string,
    rows?: number,
  ): AsyncGenerator<Uint8Array> {
    if (entries.length === mostFiles) {
      throw new BackupError(
        'archive-limit-exceeded',
        'The archive would hold more files than a reader takes.',
      );
    }
    const { length: size } = content;
    entries.push({
      name,
      offset: offset + tarBlockBytes,
      size,
      sha256: sha256 ?? engine.sha256(content),
      ...(rows === undefined ? {} : { rows }),
    });
    const padding = tarPadding(size);
    offset += tarBlockBytes + size + padding;
    yield await tarHeader({ name, size, time, contentId });
    yield content;
    if (padding > 0) yield new Uint8Array(padding);
  }
  const json = (name: string, value: unknown): AsyncGenerator<Uint8Array> =>
    entry(name, utf8(`${JSON.stringify(value, null, 1)}\n`));

  yield* entry(readmeName, utf8(readme(label)));
  yield* entry(readerName, readerScript());
  for await (const part of parts) {
    if (hasDatabase !== (part.kind !== 'database')) {
      throw new RangeError('"parts" must start with the database, and have it once');
    }
    switch (part.kind) {
      case 'database':
        hasDatabase = true;
        if (part.scope !== undefined && part.scope !== scope) {
          throw new RangeError(`"label.scope" says "${scope}", and the parts are "${part.scope}"`);
        }
        yield* json(databaseName, { format: formatVersion, archiveId, database: part.database });
        break;
      case 'table':
        contents.addTable(part.table);
        yield* json(tableEntryName(part.table.index), part.table);
        break;
      case 'rows':
        contents.addRows(part);
        yield* entry(rowsEntryName(part.table, part.sequence), part.data, part.sha256, part.rows);
        break;
      case 'objects':
        if (hasObjects) throw new RangeError('"parts" has its objects twice');
        hasObjects = true;
        yield* json(objectsName, part.objects);
        break;
      case 'summary': {
        if (!hasObjects) throw new RangeError('"parts" has no objects before its summary');
        contents.checkAgainst(part.summary);
        const manifest: Manifest = {
          ...part.summary,
          format: formatVersion,
          archiveId,
          contentId,
          scope,
          entries: [...entries],
        };
        yield* json(manifestName, manifest);
        yield new Uint8Array(tarEndBytes);
        onManifest(manifest);
        return;
      }
    }
  }
  throw new BackupError('dump-incomplete', 'The dump ended without its summary.');
}

/** What of each table has come, in an archive that is written or read. */
export class TableContents {
  readonly #tables: Map<number, { readonly name: string; rows: number; parts: number }> = new Map();

  /** Notes a table. @throws RangeError when its number is taken */
  addTable(table: TableDescription): void {
    if (this.#tables.has(table.index)) throw new RangeError('"parts" has two tables of one number');
    this.#tables.set(table.index, { name: table.name, rows: 0, parts: 0 });
  }

  /** Notes a part. @throws RangeError when its table has not come, or it is not the table's next */
  addRows(part: Pick<RowsPart, 'rows' | 'sequence' | 'table'>): void {
    const table = this.#tables.get(part.table);
    if (table === undefined) throw new RangeError('"parts" has rows before their table');
    if (part.sequence !== table.parts + 1) throw new RangeError('"parts" has rows out of order');
    table.parts += 1;
    table.rows += part.rows;
  }

  /** @throws BackupError `dump-incomplete` when a summary promises other tables or rows than came */
  checkAgainst(summary: DumpSummary): void {
    const promised = new Map(summary.tables.map((table) => [table.index, table]));
    if (promised.size !== summary.tables.length || promised.size !== this.#tables.size) {
      throw new BackupError('dump-incomplete', 'The summary lists other tables than were read.');
    }
    for (const [index, came] of this.#tables) {
      const table = promised.get(index);
      if (table?.name === came.name && table.rows === came.rows && table.parts === came.parts) continue;
      throw new BackupError(
        'dump-incomplete',
        `Of table ${came.name} ${came.rows} rows were read, and the summary says ${table?.rows ?? 'nothing'}.`,
        { details: { table: came.name } },
      );
    }
  }
}
