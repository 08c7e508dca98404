import { createHash } from 'node:crypto';
import { makeContentId } from '../../../src/archive/content-id.js';
import { tarBlockBytes, tarEndBytes, tarHeader, tarPadding } from '../../../src/archive/tar.js';
import { writeTar } from '../../../src/archive/write-tar.js';
import { collectBytes } from '../../../src/bytes.js';
import type { Label, Manifest, ManifestEntry } from '../../../src/model/parts.js';
import { sampleParts } from '../support/parts.js';
import { unpackFiles } from '../support/unpack-tar.js';

interface TarFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * A tar as a later minor version may write it: keys and files that this one knows nothing of, and tables
 * whose rows come in turns.
 */
export async function tarOfLaterMinor(label: Label): Promise<Uint8Array> {
  const contentId = makeContentId();
  const tar = writeTar(sampleParts(), label, () => undefined, contentId);
  const files = await unpackFiles(await collectBytes(tar));
  const named = new Map(files.map((file) => [file.name, file]));
  const order = [
    'README.txt',
    'reader.py',
    'news/of-a-later-version.bin',
    'database.json',
    'tables/0001/table.json',
    'tables/0002/table.json',
    'tables/0002/000001.cols.gz',
    'tables/0001/000001.cols.gz',
    'tables/0001/index.json',
    'tables/0001/000002.cols.gz',
    'tables/0002/000002.cols.gz',
    'objects.json',
    'Z',
  ];
  const laterFiles = order.map((name): TarFile => {
    const file = named.get(name);
    if (file === undefined) return { name, content: Buffer.from(`of ${name}`) };
    return name.endsWith('.json') ? { name, content: withNews(file.content) } : file;
  });
  const rows = new Map(
    (JSON.parse(Buffer.from(named.get('manifest.json')!.content).toString()) as Manifest).entries.map(
      (entry) => [entry.name, entry.rows],
    ),
  );
  const entries: ManifestEntry[] = [];
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const time = Math.floor(Date.parse(label.createdAt) / 1000);
  const put = async ({ name, content }: TarFile): Promise<void> => {
    const size = content.length;
    const count = rows.get(name);
    const sha256 = createHash('sha256').update(content).digest('hex');
    entries.push({
      name,
      offset: offset + tarBlockBytes,
      size,
      sha256,
      ...(count === undefined ? {} : { rows: count }),
    });
    pieces.push(await tarHeader({ name, size, time, contentId }), content, new Uint8Array(tarPadding(size)));
    offset += tarBlockBytes + size + tarPadding(size);
  };
  for (const file of laterFiles) await put(file);
  const manifest = JSON.parse(
    Buffer.from(withNews(named.get('manifest.json')!.content)).toString(),
  ) as Manifest;
  await put({
    name: 'manifest.json',
    content: Buffer.from(JSON.stringify({ ...manifest, entries: [...entries] })),
  });
  return new Uint8Array(Buffer.concat([...pieces, new Uint8Array(tarEndBytes)]));
}

/** The same JSON with a key more in every record of it, and the minor version raised. */
function withNews(json: Uint8Array): Uint8Array {
  const added = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(added);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) =>
      key === 'format' ? [key, { ...(inner as object), minor: 7 }] : [key, added(inner)],
    );
    return { ...Object.fromEntries(entries), ofALaterVersion: [null, { deep: true }] };
  };
  return Buffer.from(JSON.stringify(added(JSON.parse(Buffer.from(json).toString()))));
}
