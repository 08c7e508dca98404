import { engine } from '#engine';
import { utf8 } from '../bytes.js';
import { BackupError } from '../errors.js';
import type { Label, Manifest, ManifestEntry, Part } from '../model/parts.js';
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
import { TableContents } from './table-contents.js';
import { mostFiles, tarBlockBytes, tarEndBytes, tarHeader, tarPadding } from './tar.js';

/**
 * Writes the tar of an archive, piece by piece, from the parts of a dump.
 *
 * @param onManifest - called with the manifest once it is written
 * @param contentId - ties its files to the archive; must not have been known to anybody before
 * @throws BackupError `dump-incomplete` when the summary has other rows than the parts, or there is no
 *   summary
 * @throws BackupError `archive-limit-exceeded` when there are more parts than a reader accepts
 * @throws RangeError when the parts are in an invalid order, or are of another scope than the label
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
        'The archive would hold more files than a reader accepts.',
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
