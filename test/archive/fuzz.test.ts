// Not a quick test: hundreds of random archives.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient, Stanza } from 'age-encryption';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { makeContentId } from '../../src/archive/content-id.js';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { labelRecipient, labelStanza, makeLabel } from '../../src/archive/label.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { tarBlockBytes, tarEndBytes, tarHeader, tarPadding } from '../../src/archive/tar.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { collectBytes, rangesOfBytes, utf8 } from '../../src/bytes.js';
import { unpackRows } from '../../src/columns/pack.js';
import { encodeColumnPart } from '../../src/columns/part.js';
import { engine } from '../../src/engine/node.js';
import { engine as portable } from '../../src/engine/portable.js';
import { isBackupError } from '../../src/errors.js';
import type { Manifest, Part, ValueForm } from '../../src/model/parts.js';
import { column, type Value } from '../columns/support/columns.js';
import { fc } from '../support/properties.js';
import { fuzzing } from './support/fuzz.js';
import { collect, sampleLabel, sampleParts } from './support/parts.js';
import { unpackFiles } from './support/unpack-tar.js';

const contentId = makeContentId();
const acceptable = new Set(['archive-damaged', 'archive-limit-exceeded', 'archive-unsupported', 'wrong-key']);

/** True, or an error that says what is wrong with the archive; anything else is a crash. */
async function survives(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading;
    return true;
  } catch (error) {
    assert.ok(isBackupError(error), String(error instanceof Error ? error.stack : error));
    assert.ok(acceptable.has(error.code), `${error.code}: ${error.message}`);
    return false;
  }
}

// Some place in some JSON, and what to put there.
const change = fc.record({
  steps: fc.array(fc.nat(), { maxLength: 6 }),
  value: fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(null, [], {}, '', -1, 0, 1.5, 2 ** 53, 1e308, '\u0000', 'x'.repeat(300)),
    fc.constantFrom<unknown>([[]], { __proto__: null }, { constructor: 1 }, { length: 5 }, [null]),
  ),
});

/** A copy with one place of it replaced, or removed. */
function changed(json: unknown, steps: readonly number[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof json !== 'object' || json === null) return value;
  const keys = Object.keys(json);
  if (keys.length === 0) return value;
  const key = keys[step % keys.length]!;
  const inner = (json as Record<string, unknown>)[key];
  if (Array.isArray(json))
    return json.map((each, i) => (String(i) === key ? changed(each, rest, value) : each));
  const isRemoved = rest.length === 0 && step % 3 === 0;
  return { ...json, [key]: isRemoved ? undefined : changed(inner, rest, value) };
}

describe('F7: a hostile archive is read or refused, never crashed on', () => {
  let identity: string;
  let recipient: string;
  let archive: Uint8Array;
  let headerBytes: number;
  let files: readonly { readonly name: string; readonly content: Uint8Array }[];
  const label = makeLabel(sampleLabel);

  before(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    const tar = await collectBytes(writeTar(sampleParts(), label, () => undefined, contentId));
    archive = await collectBytes(encryptAge(tar, { recipients: [recipient, labelRecipient(label)] }));
    ({ headerBytes } = await inspectArchive(archive));
    files = await unpackFiles(tar);
  });

  const readBoth = async (bytes: Uint8Array, password?: string): Promise<boolean> => {
    const keys = password === undefined ? { identities: [identity] } : { password };
    const streamed = await survives(readAll(decryptArchive(bytes, keys)));
    const ranged = await survives(
      openArchive(rangesOfBytes(bytes), keys).then((open) => readAll(open.parts())),
    );
    return streamed && ranged;
  };

  it('with bytes of its header changed, taken out or doubled', async () => {
    const edit = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'double'), fc.nat(200));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        let header = archive.slice(0, headerBytes);
        for (const [place, value, how, length] of edits) {
          const at = place % Math.max(1, header.length);
          if (how === 'set') header[at] = value;
          else {
            const from = how === 'cut' ? at + length : Math.max(0, at - length);
            header = new Uint8Array(Buffer.concat([header.subarray(0, at), header.subarray(from)]));
          }
        }
        const bytes = new Uint8Array(Buffer.concat([header, archive.subarray(headerBytes)]));
        await survives(inspectArchive(bytes));
        const isUnchanged = Buffer.compare(bytes, archive) === 0;
        assert.equal(await readBoth(bytes), isUnchanged);
      }),
      fuzzing(60),
    );
  });

  it('with a label of any JSON', async () => {
    const unlock = [
      {
        kind: 'enrolled',
        epoch: 2,
        recipient,
        sealedIdentity: '',
        chain: [{ epoch: 1, recipient, sealedIdentity: '' }],
      },
      { kind: 'enrolled', epoch: 1, recipient, sealedIdentity: '-----BEGIN AGE ENCRYPTED FILE-----\n' },
    ];
    const whole = { ...label, keyHolder: { userNum: '1', userName: 'Anna' }, unlock };
    await fc.assert(
      fc.asyncProperty(change, async ({ steps, value }) => {
        const body = utf8(JSON.stringify(changed(whole, steps, value)) ?? '');
        const wrapped = { wrapFileKey: () => [new Stanza([labelStanza], body)] };
        const bytes = await collectBytes(encryptAge(utf8('no tar'), { recipients: [recipient, wrapped] }));
        await survives(inspectArchive(bytes));
        assert.equal(await readBoth(bytes, 'some password'), false);
      }),
      fuzzing(60),
    );
  });

  it('with a description of any JSON, and a manifest that confirms it', async () => {
    const described = fc.nat();
    await fc.assert(
      fc.asyncProperty(described, change, async (which, { steps, value }) => {
        const json = files.filter(({ name }) => name.endsWith('.json'));
        const { name } = json[which % json.length]!;
        const bytes = await sealFiles(
          files.map((file) =>
            file.name === name
              ? { name, content: utf8(JSON.stringify(changed(parsed(file.content), steps, value)) ?? '') }
              : file,
          ),
          recipient,
          name !== 'manifest.json',
        );
        await readBoth(bytes);
      }),
      fuzzing(60),
    );
  });

  it('with a part of any column part, well compressed, and a manifest that confirms it', async () => {
    const forms: ValueForm[] = ['i64', 'bytes', 'date'];
    const rows = 50;
    const list = (value: (i: number) => Value): Value[] => Array.from({ length: rows }, (_, i) => value(i));
    const plain = encodeColumnPart({
      rows,
      columns: [
        column(
          forms[0]!,
          list((i) => BigInt(i) ** 5n),
        ),
        column(
          forms[1]!,
          list((i) => (i % 4 === 0 ? null : Buffer.from('x'.repeat(i)))),
        ),
        column(
          forms[2]!,
          list((i) => (i % 7 === 0 ? Uint8Array.of() : Uint8Array.of(1, 2, 3, i))),
        ),
      ],
    });
    const edits = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(edits, fc.boolean(), async (list, isCut) => {
        const hostile = plain.slice(0, isCut ? list[0]![0] : plain.length);
        for (const [at, value] of list) if (at < hostile.length) hostile[at] = value;
        const content = memberOf(hostile, rows);
        await readBoth(
          await sealFiles(
            files.map((file) => (file.name === 'tables/0001/000001.cols.gz' ? { ...file, content } : file)),
            recipient,
            true,
          ),
        );
      }),
      fuzzing(60),
    );
  });

  it('with any DEFLATE stream, in both engines', async () => {
    const good = deflateRawSync(Buffer.from('words and words and more words'.repeat(50)));
    const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(3000), fc.nat(9), async (list, size, cut) => {
        const hostile = new Uint8Array(good.subarray(0, cut === 0 ? list[0]![0] : good.length));
        for (const [at, value] of list) if (at < hostile.length) hostile[at] = value;
        const results = await Promise.allSettled([
          engine.inflate(hostile, size),
          portable.inflate(hostile, size),
        ]);
        for (const result of results) {
          if (result.status === 'fulfilled') assert.equal(result.value.length, size);
        }
      }),
      fuzzing(200),
    );
  });
});

async function readAll(parts: AsyncIterable<Part>): Promise<void> {
  const forms = new Map<number, readonly ValueForm[]>();
  for (const part of await collect(parts)) {
    if (part.kind === 'table') {
      const { index, columns } = part.table;
      forms.set(
        index,
        columns.flatMap(({ form }) => (form === null ? [] : [form])),
      );
    }
    if (part.kind === 'rows') await unpackRows(part, forms.get(part.table)!);
  }
}

function parsed(content: Uint8Array): unknown {
  return JSON.parse(Buffer.from(content).toString());
}

/** A gzip member as ours, around anything. */
function memberOf(plain: Uint8Array, rows: number): Uint8Array {
  const head = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 255, 8, 0, 0x53, 0x42, 4, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(rows, 16);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(engine.crc32(plain), 0);
  tail.writeUInt32LE(plain.length, 4);
  return new Uint8Array(Buffer.concat([head, deflateRawSync(plain), tail]));
}

/** Seals files as somebody does who knows the recipient and how archives are made. */
async function sealFiles(
  files: readonly { readonly name: string; readonly content: Uint8Array }[],
  recipient: string,
  confirmed: boolean,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const places = new Map<string, { offset: number; size: number; sha256: string }>();
  let offset = 0;
  for (const { name, content: given } of files) {
    const isConfirming = confirmed && name === 'manifest.json';
    const content = isConfirming ? confirming(parsed(given) as Manifest, places) : given;
    const size = content.length;
    const sha256 = createHash('sha256').update(content).digest('hex');
    places.set(name, { offset: offset + tarBlockBytes, size, sha256 });
    pieces.push(
      await tarHeader({ name, size, time: 0, contentId }),
      content,
      new Uint8Array(tarPadding(size)),
    );
    offset += tarBlockBytes + size + tarPadding(size);
  }
  const tar = new Uint8Array(Buffer.concat([...pieces, new Uint8Array(tarEndBytes)]));
  return collectBytes(encryptAge(tar, { recipients: [recipient] }));
}

function confirming(
  manifest: Manifest,
  places: ReadonlyMap<string, { readonly offset: number; readonly size: number; readonly sha256: string }>,
): Uint8Array {
  const entries = manifest.entries.map((entry) => ({ ...entry, ...places.get(entry.name) }));
  return utf8(JSON.stringify({ ...manifest, entries }));
}
