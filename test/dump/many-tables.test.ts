import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import type { DumpSummary } from '../../src/model/parts.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

// `npm run soak:tables` asks for ten thousand.
const tables = Number(process.env['MANY_TABLES'] ?? 300);
const database = 'many_tables';

async function build(server: TestServer): Promise<void> {
  const statements = [
    `DROP DATABASE IF EXISTS ${database}`,
    `CREATE DATABASE ${database}`,
    `USE ${database}`,
  ];
  for (let i = 0; i < tables; i++) {
    const engine = i % 10 === 0 ? 'InnoDB' : 'MyISAM';
    statements.push(
      `CREATE TABLE t${i} (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100), KEY (v)) ENGINE=${engine}`,
      `INSERT INTO t${i} VALUES (${i}, 'one')`,
    );
  }
  await server.query(statements);
}

async function counters(server: TestServer): Promise<{ readonly questions: number; readonly locks: number }> {
  const rows = await server.query(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Com_lock_tables')",
  );
  const of = new Map(rows.map((row) => [row['Variable_name'], Number(row['Value'])]));
  return { questions: of.get('Questions')!, locks: of.get('Com_lock_tables')! };
}

describeOnEachServer(
  `F14: ${tables} tables`,
  (server) => {
    it('are copied under one LOCK TABLES per session and a few statements each', async (t) => {
      await build(server());
      const before = await counters(server());
      const started = performance.now();
      let peak = 0;
      let summary: DumpSummary | undefined;
      let opened = 0;
      for await (const part of dumpDatabase({ ...server().address, database })) {
        if (part.kind === 'database') opened = performance.now() - started;
        peak = Math.max(peak, process.memoryUsage.rss());
        if (part.kind === 'summary') summary = part.summary;
      }
      const seconds = (performance.now() - started) / 1000;
      const after = await counters(server());
      const each = (after.questions - before.questions) / tables;
      t.diagnostic(
        `${server().version}: ${seconds.toFixed(1)} s, of which ${(opened / 1000).toFixed(1)} s to the snapshot; ` +
          `locked ${summary!.lockSeconds.toFixed(1)} s; ${each.toFixed(1)} statements a table; ` +
          `${(peak / 1e6).toFixed(0)} MB resident at most`,
      );
      assert.equal(summary!.tables.length, tables);
      assert.ok(summary!.tables.every(({ rows }) => rows === 1));
      // One that opens the snapshots at one moment, one in each session that reads tables without snapshots.
      assert.equal(after.locks - before.locks, 3);
      // Looked up, described, read, proven; two more where the server must be kept from forgetting the table.
      assert.ok(each < 9, `${each} statements a table`);
    });
  },
  { kinds: ['mysql-5.6', 'mariadb', 'mysql'], args: ['--open-files-limit=40000', '--table-open-cache=2000'] },
);

describeOnEachServer(
  'F14: a server that may open too few files',
  (server) => {
    it('K5: refuses to lock all tables at once, and the refusal says what to raise', async (t) => {
      await server().query([
        `CREATE DATABASE ${database}`,
        `USE ${database}`,
        ...Array.from({ length: 400 }, (_, i) => `CREATE TABLE t${i} (id INT PRIMARY KEY) ENGINE=MyISAM`),
        'FLUSH TABLES',
      ]);
      try {
        // The servers' own option does not go below what the shell allows.
        execFileSync('prlimit', [`--pid=${server().pid()}`, '--nofile=200:200'], { stdio: 'pipe' });
      } catch {
        return t.skip('there is no prlimit to take files away from a server');
      }
      const dump = async () => {
        for await (const _ of dumpDatabase({ ...server().address, database }));
      };
      await assert.rejects(dump(), (error) => {
        assert.ok(isBackupError(error, 'database-query-failed'), String(error));
        assert.match(error.message, /open_files_limit/);
        assert.equal(error.details['tables'], 400);
        return true;
      });
    });
  },
  {
    kinds: ['mysql-5.6', 'mariadb'],
    args: ['--table-open-cache=64'],
  },
);
