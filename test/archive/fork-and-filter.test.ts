import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { filterParts } from '../../src/archive/filter-parts.js';
import { forkParts } from '../../src/archive/fork-parts.js';
import type { ArchiveScope, Part } from '../../src/model/parts.js';
import { collect, sampleLabel, sampleParts } from './support/parts.js';

describe('forked parts', () => {
  it('reach every consumer, in step', async () => {
    const expected = await collect(sampleParts());
    let ahead = 0;
    let behind = 0;
    async function* watched(): AsyncGenerator<Part> {
      for await (const part of sampleParts()) {
        assert.ok(ahead - behind <= 0, 'a part was taken before the one before was used');
        ahead++;
        yield part;
      }
    }
    const [fast, slow] = forkParts(watched(), 2);
    const slowly = async (): Promise<Part[]> => {
      const parts: Part[] = [];
      for await (const part of slow!) {
        await new Promise((resolve) => setImmediate(resolve));
        parts.push(part);
        behind++;
      }
      return parts;
    };
    const [a, b] = await Promise.all([collect(fast!), slowly()]);
    assert.deepEqual(a, expected);
    assert.deepEqual(b, expected);
  });

  it('go on for the others when a consumer fails or leaves', async () => {
    const [failing, leaving, whole] = forkParts(sampleParts(), 3);
    const fails = async (): Promise<void> => {
      for await (const part of failing!) if (part.kind === 'rows') throw new Error('the disk is full');
    };
    const leaves = async (): Promise<void> => {
      for await (const _ of leaving!) break;
    };
    const [failed, left, all] = await Promise.allSettled([fails(), leaves(), collect(whole!)]);
    assert.equal(failed.status, 'rejected');
    assert.equal(left.status, 'fulfilled');
    assert.equal(all.status === 'fulfilled' && all.value.length, 9);
  });

  it('stop their source when all have left', async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<Part> {
      try {
        yield* sampleParts();
      } finally {
        isClosed = true;
      }
    }
    const leave = async (parts: AsyncIterable<Part>): Promise<void> => {
      for await (const _ of parts) break;
    };
    await Promise.all(forkParts(source(), 2).map(leave));
    assert.ok(isClosed);
  });

  it('pass a failure of their source to all', async () => {
    async function* source(): AsyncGenerator<Part> {
      for await (const part of sampleParts()) {
        if (part.kind === 'objects') throw new Error('the server went away');
        yield part;
      }
    }
    const results = await Promise.allSettled(forkParts(source(), 3).map(collect));
    assert.deepEqual(
      results.map((result) => result.status),
      ['rejected', 'rejected', 'rejected'],
    );
  });
});

describe('the number of forks', () => {
  it('is a whole number of at least 1', async () => {
    for (const count of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => forkParts(sampleParts(), count), RangeError, String(count));
    }
    assert.deepEqual(await collect(forkParts(sampleParts(), 1)[0]!), await collect(sampleParts()));
  });
});

describe('filtered parts', () => {
  it('are sealed under a label that says so, and under no other', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const filter = { tables: [{ name: 'table`2' }], scope: 'critical', leftOut: [] } as const;
    const sealAs = (scope: ArchiveScope) =>
      collect(
        encryptArchive(filterParts(sampleParts(), filter), { recipients, label: { ...sampleLabel, scope } }),
      );
    await assert.rejects(
      sealAs('full'),
      /^RangeError: "label.scope" says "full", and the parts are "critical"/,
    );
    assert.ok((await sealAs('critical')).length > 0);
  });

  const narrow = (tables: readonly { name: string; definitionOnly?: string }[]) =>
    collect(
      filterParts(sampleParts({ tables: 3 }), {
        tables,
        scope: 'critical',
        leftOut: [{ kind: 'table', name: 'table`1', reason: 'can be imported again' }],
      }),
    );

  it('R5: are those of the chosen tables, and the summary says why the others are not there', async () => {
    const parts = await narrow([{ name: 'table`2' }]);
    assert.deepEqual(
      parts.map((part) => part.kind),
      ['database', 'table', 'rows', 'rows', 'objects', 'summary'],
    );
    const [objects, last] = parts.slice(-2) as [Part, Part];
    assert.ok(objects.kind === 'objects' && last.kind === 'summary');
    assert.deepEqual(
      objects.objects.map((object) => object.kind),
      ['view'],
    );
    assert.deepEqual(
      last.summary.tables.map((table) => table.index),
      [2],
    );
    assert.deepEqual(last.summary.leftOut.slice(1), [
      { kind: 'table', name: 'table`1', reason: 'can be imported again' },
      { kind: 'table', name: 'table`3', reason: 'not asked for' },
      { kind: 'trigger', name: 't', reason: 'its table is not in this archive' },
    ]);
  });

  it('keep the triggers of tables that stay, and everything that belongs to none', async () => {
    const parts = await narrow([{ name: 'table`1' }]);
    const objects = parts.find((part) => part.kind === 'objects');
    assert.deepEqual(
      objects?.objects.map(({ kind }) => kind),
      ['view', 'trigger'],
    );
  });

  it('keep the warnings about tables that stay, and about none', async () => {
    async function* warned(): AsyncGenerator<Part> {
      for await (const part of sampleParts({ tables: 3 })) {
        if (part.kind !== 'summary') yield part;
        else {
          const about = ['table`2', 'table`3', undefined];
          const warnings = about.map((table) => ({
            code: 'a',
            message: 'b',
            ...(table === undefined ? {} : { table }),
          }));
          yield { ...part, summary: { ...part.summary, warnings } };
        }
      }
    }
    const filter = { tables: [{ name: 'table`2' }], scope: 'critical', leftOut: [] } as const;
    const last = (await collect(filterParts(warned(), filter))).at(-1)!;
    assert.ok(last.kind === 'summary');
    assert.deepEqual(
      last.summary.warnings.map(({ table }) => table),
      ['table`2', undefined],
    );
  });

  it('give the reasons of tables alone, not those of others that share a name', async () => {
    const filter = {
      tables: [{ name: 'table`2' }, { name: 'table`1', definitionOnly: 'of no use elsewhere' }],
      scope: 'critical',
      leftOut: [
        { kind: 'view', name: 'table`3', reason: 'a view of that name' },
        { kind: 'view', name: 'table`1', reason: 'a view of that name' },
      ],
    } as const;
    const last = (await collect(filterParts(sampleParts({ tables: 3 }), filter))).at(-1)!;
    assert.ok(last.kind === 'summary');
    assert.deepEqual(
      last.summary.leftOut.slice(1).filter(({ kind }) => kind === 'table'),
      [
        { kind: 'table', name: 'table`3', reason: 'not asked for' },
        { kind: 'table', name: 'table`1', reason: 'of no use elsewhere' },
      ],
    );
  });

  it('keep a definition without rows where that is asked for', async () => {
    const parts = await narrow([{ name: 'table`2', definitionOnly: 'only of use while programs run' }]);
    assert.deepEqual(
      parts.map((part) => part.kind),
      ['database', 'table', 'objects', 'summary'],
    );
    const last = parts.at(-1)!;
    assert.ok(last.kind === 'summary');
    assert.equal(last.summary.tables[0]?.rows, 0);
    // R5: rows that stay behind are named, though their table does not.
    const reason = last.summary.leftOut.find(({ name }) => name === 'table`2')?.reason;
    assert.equal(reason, 'only of use while programs run');
  });
});
