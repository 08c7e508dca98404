import assert from 'node:assert/strict';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { unpackRows } from '../../src/columns/pack.js';
import type { Connection } from '../../src/database/connection.js';
import { type DumpOptions, dumpDatabase } from '../../src/dump/dump-database.js';
import { insideOf, openSnapshot } from '../../src/dump/snapshot.js';
import { type BackupErrorCode, isBackupError } from '../../src/errors.js';
import type { DumpSummary, Part } from '../../src/model/parts.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { collectGarbage } from '../support/garbage.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const database = 'dump_faults';

/**
 * About 48 MB: far more than sockets and queues hold, so that the server is in the middle of it when we look.
 */
const bigTable: readonly string[] = [
  'CREATE TABLE big (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, filler VARCHAR(1000) NOT NULL) ENGINE=InnoDB',
  "INSERT INTO big (filler) VALUES (REPEAT('x', 750))",
  ...Array.from({ length: 16 }, () => 'INSERT INTO big (filler) SELECT filler FROM big'),
];

async function setUp(server: TestServer): Promise<void> {
  await server.query([
    `DROP DATABASE IF EXISTS ${database}`,
    `CREATE DATABASE ${database} CHARACTER SET latin1`,
  ]);
  await server.query(bigTable, database);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function refusal(code: BackupErrorCode, ...words: readonly string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(isBackupError(error, code), `expected ${code}, got ${String(error)}`);
    for (const word of words) assert.ok(error.message.includes(word), error.message);
    return true;
  };
}

async function drain(source: AsyncIterable<Part>): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for await (const part of source) parts.push(part);
  return parts;
}

describeOnEachServer('a dump under faults', (server) => {
  before(() => setUp(server()));

  const address = () => ({ ...server().address, database });
  const dump = (options: DumpOptions = {}) => dumpDatabase(address(), { connections: 1, ...options });

  /** Reads until rows come, does something to the dump, and reads on. */
  async function dumpAnd(
    act: (reader: Connection) => Promise<void>,
    options: DumpOptions = {},
  ): Promise<readonly Part[]> {
    const snapshot = await openSnapshot(address(), { connections: 1, ...options });
    try {
      const parts: Part[] = [];
      for await (const part of dumpDatabase(snapshot, options)) {
        if (part.kind === 'rows' && parts.at(-1)?.kind !== 'rows') await act(insideOf(snapshot).readers[0]!);
        parts.push(part);
      }
      return parts;
    } finally {
      await snapshot.close();
    }
  }

  /** Whether a session is still there. One that was killed takes a moment to go. */
  async function lives(id: number): Promise<boolean> {
    for (let look = 0; look < 50; look++) {
      const rows = await server().query('SHOW PROCESSLIST');
      if (!rows.some((row) => Number(row['Id']) === id)) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  }

  it('F3: a killed query is an error, although rows came before it', async () => {
    await assert.rejects(
      dumpAnd(async (reader) => {
        await server().query(`KILL QUERY ${reader.id}`);
      }),
      refusal('database-query-interrupted', '"big"'),
    );
  });

  it('F3: a killed connection is an error', async () => {
    await assert.rejects(
      dumpAnd(async (reader) => {
        await server().query(`KILL CONNECTION ${reader.id}`);
      }),
      refusal('database-connection-lost', '"big"'),
    );
  });

  it('F1: a consumer slower than the time limit of the server loses nothing', async () => {
    await server().query('SET GLOBAL net_write_timeout = 1');
    try {
      const parts = await dumpAnd(() => new Promise((resolve) => setTimeout(resolve, 2500)));
      const { summary } = parts.at(-1) as { summary: DumpSummary };
      assert.equal(summary.tables[0]!.rows, 65_536);
    } finally {
      await server().query('SET GLOBAL net_write_timeout = 60');
    }
  });

  it('S6: a time limit on statements does not reach a dump', async (t) => {
    if (server().vendor !== 'mariadb') return t.skip('the server has no such limit');
    await server().query('SET GLOBAL max_statement_time = 0.5');
    try {
      const parts = await dumpAnd(() => new Promise((resolve) => setTimeout(resolve, 1000)));
      assert.equal(parts.at(-1)?.kind, 'summary');
    } finally {
      await server().query('SET GLOBAL max_statement_time = 0');
    }
  });

  it('S6: a row limit of the server does not cut a table', async () => {
    await server().query('SET GLOBAL sql_select_limit = 10');
    try {
      const { summary } = (await drain(dump())).at(-1) as { summary: DumpSummary };
      assert.equal(summary.tables[0]!.rows, 65_536);
    } finally {
      await server().query('SET GLOBAL sql_select_limit = DEFAULT');
    }
  });

  it('F2: memory stays flat before a consumer that waits', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    await dumpAnd(async () => {
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        collectGarbage();
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    });
    assert.ok(most < 24 * 1024 * 1024, `${most} bytes were read ahead`);
  });

  it('K10: an abort, after as long as a snapshot may be held, rejects with its reason and ends the work of the server', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    let id = 0;
    await assert.rejects(
      dumpAnd(
        async (reader) => {
          id = reader.id;
          abort.abort(reason);
        },
        { signal: abort.signal },
      ),
      reason,
    );
    assert.equal(await lives(id), false);
  });

  it('leaving the loop ends the work of the server', async () => {
    let id = 0;
    const snapshot = await openSnapshot(address(), { connections: 1 });
    for await (const part of dumpDatabase(snapshot)) {
      if (part.kind !== 'rows') continue;
      id = insideOf(snapshot).readers[0]!.id;
      break;
    }
    assert.equal(await lives(id), false);
    await snapshot.close();
  });

  it('V19: rows around the packet size of 16 MiB arrive whole', async () => {
    const edge = 2 ** 24 - 1;
    // Zero byte, bitmap, four bytes of number and four of length come before the value.
    const sizes = [edge - 11, edge - 10, edge - 9, 2 * edge - 10];
    await server().query(['SET GLOBAL max_allowed_packet = 1073741824']);
    await server().query(
      [
        'DROP TABLE IF EXISTS large',
        'CREATE TABLE large (id INT NOT NULL, body LONGBLOB NOT NULL) ENGINE=MyISAM',
        ...sizes.map((size, i) => `INSERT INTO large VALUES (${i}, REPEAT(CHAR(65 + ${i}), ${size}))`),
      ],
      database,
    );
    try {
      const selection = {
        scope: 'full',
        tables: [{ name: 'large', tier: 'critical' }],
        leftOut: [],
        warnings: [],
      } as const;
      const found: number[] = [];
      for await (const part of dump({ selection })) {
        if (part.kind !== 'rows') continue;
        const { columns } = await unpackRows(part, ['i32', 'bytes']);
        const body = columns[1]!;
        assert.equal(body.kind, 'variable');
        let at = 0;
        for (const length of (body as { lengths: Uint32Array }).lengths) {
          const value = body.data.subarray(at, at + length);
          assert.ok(
            Buffer.from(value.buffer, value.byteOffset, length).equals(
              Buffer.alloc(length, 65 + found.length),
            ),
          );
          found.push(length);
          at += length;
        }
      }
      assert.deepEqual(found, sizes);
    } finally {
      await server().query('DROP TABLE large', database);
    }
  });

  it('F11: a user who cannot see everything is refused, and told what is missing', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      await server().query([
        `CREATE USER 'narrow'@'${host}' IDENTIFIED BY 'x'`,
        `GRANT SELECT, LOCK TABLES ON ${database}.* TO 'narrow'@'${host}'`,
      ]);
    }
    await assert.rejects(
      drain(dumpDatabase({ ...address(), user: 'narrow', password: 'x', getServerPublicKey: true })),
      refusal('privilege-missing', 'SHOW VIEW', 'TRIGGER', 'EVENT'),
    );
    await server().query("DROP USER 'narrow'@'localhost', 'narrow'@'127.0.0.1'");
  });

  it('a server that is not there is named without the password', async () => {
    await assert.rejects(
      drain(dumpDatabase({ host: '127.0.0.1', port: 1, user: 'root', password: 'sesame', database })),
      (error: unknown) => {
        assert.ok(isBackupError(error, 'database-unreachable'));
        assert.ok(!JSON.stringify([error.message, error.details]).includes('sesame'));
        return true;
      },
    );
  });
});

describeOnEachServer(
  'a dump of a server that goes away',
  (server) => {
    before(() => setUp(server()));

    it('F3: a line that dies without a word is noticed', async () => {
      const { host = '127.0.0.1', port = 3306 } = server().address;
      const proxy = await FaultyProxy.start(host, port);
      try {
        const address = { ...server().address, host: '127.0.0.1', port: proxy.port, database };
        const options = { connections: 1, inactivityTimeout: 700 };
        const snapshot = await openSnapshot(address, options);
        const read = async () => {
          for await (const part of dumpDatabase(snapshot, options)) if (part.kind === 'rows') proxy.stall();
        };
        await assert.rejects(read(), refusal('database-connection-lost'));
        proxy.stop();
        await snapshot.close();
      } finally {
        proxy.stop();
      }
    });

    it('F3: a server that is killed is noticed', async () => {
      const snapshot = await openSnapshot({ ...server().address, database }, { connections: 1 });
      const read = async () => {
        for await (const part of dumpDatabase(snapshot)) if (part.kind === 'rows') await server().kill9();
      };
      await assert.rejects(read(), refusal('database-connection-lost'));
      await snapshot.close();
    });
  },
  { kinds: ['mysql-5.6', 'mariadb'], args: ['--skip-innodb-doublewrite'] },
);

describeOnEachServer(
  'a damaged MyISAM table',
  (server) => {
    const tables = (recover: string): readonly string[] => [
      `SET GLOBAL sql_mode = ''`,
      `DROP DATABASE IF EXISTS ${recover}`,
      `CREATE DATABASE ${recover}`,
      `CREATE TABLE ${recover}.whole (id INT) ENGINE=MyISAM`,
      `CREATE TABLE ${recover}.hurt (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200)) ENGINE=MyISAM`,
      `INSERT INTO ${recover}.hurt (v) VALUES (REPEAT('a', 90))`,
      ...Array.from({ length: 10 }, () => `INSERT INTO ${recover}.hurt (v) SELECT v FROM ${recover}.hurt`),
      'FLUSH TABLES',
    ];

    async function fileOf(name: string, database: string): Promise<string> {
      const [row] = await server().query('SELECT @@datadir AS datadir');
      return join(row!['datadir']!, database, name);
    }

    it('F9: a file that ends early is refused by name', async () => {
      await server().query(tables('cut'));
      await truncate(await fileOf('hurt.MYD', 'cut'), 40_000);
      await assert.rejects(
        drain(dumpDatabase({ ...server().address, database: 'cut' })),
        refusal('table-damaged', '"hurt"'),
      );
    });

    it('F9: a file with a hole is refused by name, or read whole', async () => {
      await server().query(tables('hole'));
      const file = await fileOf('hurt.MYD', 'hole');
      const bytes = await readFile(file);
      bytes.fill(0xff, 30_000, 34_000);
      await writeFile(file, bytes);
      await assert.rejects(
        drain(dumpDatabase({ ...server().address, database: 'hole' })),
        refusal('table-damaged', '"hurt"'),
      );
    });

    for (const [what, harm] of [
      ['ends early', (file: string) => truncate(file, 40_000)],
      [
        'has a hole',
        async (file: string) => {
          const bytes = await readFile(file);
          bytes.fill(0xff, 30_000, 34_000);
          await writeFile(file, bytes);
        },
      ],
    ] as const) {
      it(`R1, F9: where it is allowed, what can be read of a table that ${what} is kept and called incomplete`, async () => {
        await server().query(tables('part'));
        await harm(await fileOf('hurt.MYD', 'part'));
        const parts = await drain(
          dumpDatabase({ ...server().address, database: 'part' }, { damagedTables: 'leave-out' }),
        );
        const { summary } = parts.at(-1) as { summary: DumpSummary };
        const [hurt, whole] = summary.tables;
        assert.ok(hurt!.rows > 0 && hurt!.rows < 1024, `${hurt!.rows} rows`);
        assert.notEqual(hurt!.incomplete ?? '', '');
        assert.equal(whole!.incomplete, undefined);
        assert.deepEqual(
          summary.warnings.filter(({ code }) => code === 'table-damaged').map(({ table }) => table),
          ['hurt'],
        );
      });
    }

    it('R1, F9: a table that cannot even be described is left out by name where that is allowed', async () => {
      await server().query(tables('gone'));
      await writeFile(await fileOf('hurt.frm', 'gone'), 'nothing of a table');
      await server().query('FLUSH TABLES');
      const address = { ...server().address, database: 'gone' };
      await assert.rejects(drain(dumpDatabase(address)), refusal('table-damaged', '"hurt"'));
      const parts = await drain(dumpDatabase(address, { damagedTables: 'leave-out' }));
      const { summary } = parts.at(-1) as { summary: DumpSummary };
      assert.deepEqual(
        summary.tables.map(({ name }) => name),
        ['whole'],
      );
      assert.match(summary.leftOut.find(({ name }) => name === 'hurt')?.reason ?? '', /^damaged: /);
      assert.ok(summary.warnings.some(({ code, table }) => code === 'table-damaged' && table === 'hurt'));
    });

    it('F9: a table that the server repaired by itself is refused by name', async () => {
      await server().query(tables('crashed'));
      // A table that was open when the power went (a count in the header says so), and lost its end.
      const index = await fileOf('hurt.MYI', 'crashed');
      const header = await readFile(index);
      header.writeUInt16BE(1, 24);
      await writeFile(index, header);
      await truncate(await fileOf('hurt.MYD', 'crashed'), 60_000);
      const told = server().vendor === 'mariadb' ? 'Number of rows changed from 1024 to 600' : 'server';
      await assert.rejects(
        drain(dumpDatabase({ ...server().address, database: 'crashed' })),
        refusal('table-damaged', '"hurt"', told),
      );
    });
  },
  { kinds: ['mysql-5.6', 'mariadb'], args: ['--myisam-recover-options=BACKUP,QUICK'] },
);

describeOnEachServer(
  'a damaged InnoDB table',
  (server) => {
    const pageBytes = 16_384;
    const broken = 'corrupt';
    const address = () => ({ ...server().address, database: broken });
    let damaged: string | undefined;

    /** Overwrites pages of the table while the server is down, as a bad disk does. */
    async function damage(first: number, last: number): Promise<void> {
      // The test before may have brought it down, and its table would do so again.
      if (damaged !== undefined) await rm(damaged, { force: true });
      await server().restart();
      await server().query([
        `DROP DATABASE IF EXISTS ${broken}`,
        `CREATE DATABASE ${broken}`,
        `CREATE TABLE ${broken}.alright (id INT PRIMARY KEY) ENGINE=InnoDB`,
        `INSERT INTO ${broken}.alright VALUES (1), (2)`,
        // Without a counter, so that the server does not look into the rows when it opens the table.
        `CREATE TABLE ${broken}.hurt (id INT NOT NULL, v VARCHAR(1000)) ENGINE=InnoDB`,
        `INSERT INTO ${broken}.hurt VALUES (1, REPEAT('a', 900))`,
        ...Array.from({ length: 10 }, () => `INSERT INTO ${broken}.hurt SELECT * FROM ${broken}.hurt`),
        `FLUSH TABLES ${broken}.hurt FOR EXPORT`,
        'UNLOCK TABLES',
        'SET GLOBAL innodb_fast_shutdown = 0',
      ]);
      const [row] = await server().query('SELECT @@datadir AS datadir');
      const pid = server().pid()!;
      process.kill(pid, 'SIGTERM');
      while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
      const file = join(row!['datadir']!, broken, 'hurt.ibd');
      damaged = file;
      const bytes = await readFile(file);
      for (let page = first; page <= last; page++) {
        bytes.fill(0xa5, page * pageBytes + 38, page * pageBytes + 3000);
      }
      await writeFile(file, bytes);
      await server().restart();
    }

    for (const [where, page, last] of [
      ['the header of its file', 0, 0],
      ['the top of its index and its first rows', 3, 5],
      ['rows in the middle', 20, 30],
    ] as const) {
      it(`F10: where ${where} should be ends the dump in time, by name whether the server lives or not`, async () => {
        await damage(page, last);
        const begun = performance.now();
        await assert.rejects(drain(dumpDatabase(address())), (error) => {
          assert.ok(isBackupError(error));
          // Some servers say what they found, others go down over it.
          assert.ok(['table-damaged', 'database-connection-lost'].includes(error.code), String(error));
          assert.equal(error.details['table'], 'hurt');
          assert.match(error.message, /"hurt".*[Kk]eep the older (?:copies|archives)/);
          return true;
        });
        assert.ok(performance.now() - begun < 20_000);
      });
    }

    it('R1, F10: is incomplete by name where that is allowed and the server lives', async (t) => {
      if (server().vendor !== 'mariadb') return t.skip('the server goes down over a corrupt page');
      await damage(20, 30);
      const parts = await drain(dumpDatabase(address(), { damagedTables: 'leave-out' }));
      const { summary } = parts.at(-1) as { summary: DumpSummary };
      const [alright, hurt] = summary.tables;
      assert.equal(alright!.rows, 2);
      assert.equal(alright!.incomplete, undefined);
      assert.ok(hurt!.rows < 1024, `${hurt!.rows} rows`);
      assert.notEqual(hurt!.incomplete ?? '', '');
    });
  },
  {
    kinds: ['mysql-5.6', 'mariadb', 'mysql'],
    // What was in memory is not read in again: MySQL 9 would go down over it by itself, before anybody asks.
    args: [
      '--innodb-file-per-table=1',
      '--innodb-fast-shutdown=0',
      '--innodb-buffer-pool-load-at-startup=OFF',
    ],
  },
);

describe('what the driver must have inside', () => {
  it('is all there', async () => {
    const { createConnection } = await import('mysql2');
    const driver = createConnection({ host: '127.0.0.1', port: 1 });
    driver.on('error', () => undefined);
    const inside = driver as unknown as Record<string, unknown>;
    for (const method of ['addCommand', 'writePacket', '_resetSequenceId']) {
      assert.equal(typeof inside[method], 'function', method);
    }
    assert.equal(typeof (inside['stream'] as Socket).pause, 'function');
    assert.ok('_command' in inside);
    driver.destroy();
  });
});
