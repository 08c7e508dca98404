import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openConnection } from '../../src/database/connection.js';
import { describeOnEachServer } from './servers.js';

const program = fileURLToPath(new URL('./start-and-wait.js', import.meta.url));

describeOnEachServer('a private server', (server, kind) => {
  it('is reached by port and by socket, and only over loopback', async () => {
    const { address } = server();
    const [row] = await server().query(
      'SELECT @@bind_address AS address, @@port AS port, @@socket AS socket',
    );
    if (kind !== 'env') assert.equal(row?.['address'], '127.0.0.1');
    const connection = await openConnection({ user: address.user, socketPath: row?.['socket'] ?? '' });
    assert.deepEqual(await connection.query('SELECT @@port AS port'), [{ port: row?.['port'] }]);
    await connection.close();
  });

  it('keeps MyISAM and InnoDB rows over a restart and a power cut', async () => {
    await server().query([
      'CREATE DATABASE kept',
      'CREATE TABLE kept.m (a INT) ENGINE=MyISAM',
      'CREATE TABLE kept.i (a INT) ENGINE=InnoDB',
      'INSERT INTO kept.m VALUES (1), (2)',
      'INSERT INTO kept.i VALUES (1), (2)',
    ]);
    await server().restart();
    await server().kill9();
    assert.equal(server().pid(), undefined);
    await server().restart();
    const rows = await server().query(
      'SELECT (SELECT SUM(a) FROM kept.m) AS m, (SELECT SUM(a) FROM kept.i) AS i',
    );
    assert.deepEqual(rows, [{ m: '3', i: '3' }]);
    await server().query('DROP DATABASE kept');
  });

  it('takes LOAD DATA LOCAL and a practice in New York time', async () => {
    const [row] = await server().query('SELECT @@local_infile AS allowed, @@system_time_zone AS zone');
    assert.equal(row?.['allowed'], '1');
    assert.match(row?.['zone'] ?? '', /^E[SD]T/);
  });

  it('disappears with its files when the process that started it is killed', async () => {
    const child = spawn(process.execPath, [program, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told: { pid: number; directory: string } | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{')) {
        told = JSON.parse(line) as { pid: number; directory: string };
        break;
      }
    }
    assert.ok(told);
    assert.ok(existsSync(told.directory));
    child.kill('SIGKILL');
    for (let tries = 0; tries < 200 && (existsSync(told.directory) || alive(told.pid)); tries++)
      await delay(50);
    assert.equal(existsSync(told.directory), false);
    assert.equal(alive(told.pid), false);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
