import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createFileLogger } from '../../src/nightly/log/file-logger.js';
import { harmful, hostileNames } from '../support/hostile-names.js';

describe('the log file', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-log-'));
  });
  after(() => rm(folder, { recursive: true }));
  const now = (): Date => new Date('2026-07-15T03:04:05.678Z');

  it('has one line per entry, whatever is in it', () => {
    const path = join(folder, 'Logger', 'one.log');
    const log = createFileLogger({ path, now });
    log.info('The night begins.', { night: '2026-07-14', tables: 424, unknown: undefined });
    log.error('first\r\nsecond', { name: 'a\nb' });
    assert.equal(
      readFileSync(path, 'utf8'),
      '2026-07-15T03:04:05.678Z INFO The night begins. night="2026-07-14" tables=424\n' +
        '2026-07-15T03:04:05.678Z ERROR first\\u000d\\u000asecond name="a\\nb"\n',
    );
  });

  it('has no entry that a name forged, and none that steers the terminal it is read on', () => {
    const path = join(folder, 'hostile.log');
    const log = createFileLogger({ path, now });
    for (const name of hostileNames) log.warning(`Table ${name} is damaged.`, { table: name, [name]: 1 });
    const lines = readFileSync(path, 'utf8').split('\n');
    assert.equal(lines.pop(), '');
    assert.equal(lines.length, hostileNames.length);
    for (const line of lines) {
      assert.match(line, /^2026-07-15T03:04:05\.678Z WARNING Table /);
      assert.doesNotMatch(line, harmful);
    }
  });

  it('stays within its size and number of files, and keeps the newest lines', () => {
    const path = join(folder, 'rotating', 'service.log');
    const log = createFileLogger({ path, now, maxBytes: 200, keepFiles: 2 });
    for (let i = 0; i < 30; i++) log.warning(`entry ${String(i).padStart(3, '0')}`);
    const files = readdirSync(join(folder, 'rotating')).sort();
    assert.deepEqual(files, ['service.log', 'service.log.1', 'service.log.2']);
    const text = files
      .reverse()
      .map((file) => readFileSync(join(folder, 'rotating', file), 'utf8'))
      .join('');
    for (const file of files) {
      assert.ok(readFileSync(join(folder, 'rotating', file)).length <= 200);
    }
    const kept = [...text.matchAll(/entry (\d+)/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      kept,
      Array.from({ length: kept.length }, (_, i) => 30 - kept.length + i),
    );
    assert.ok(kept.length >= 10);
  });

  it('goes on where a file cannot be begun anew, and stays within bounds there too', () => {
    const path = join(folder, 'stuck', 'a.log');
    const log = createFileLogger({ path, now, maxBytes: 500, keepFiles: 1 });
    // As a file that Windows does not let be renamed or removed.
    mkdirSync(`${path}.1/held`, { recursive: true });
    for (let i = 0; i < 500; i++) log.info(`entry ${i}`);
    log.error('THE BACKUP FAILED');
    const text = readFileSync(path, 'utf8');
    assert.match(text, /THE BACKUP FAILED/);
    assert.ok(text.length < 6000);
  });

  it('makes its folder again when somebody removed it', async () => {
    const path = join(folder, 'removed', 'a.log');
    const log = createFileLogger({ path, now });
    log.info('before');
    await rm(join(folder, 'removed'), { recursive: true });
    log.info('after');
    assert.match(readFileSync(path, 'utf8'), /after/);
  });

  it('says once, by a warning of the process, that it cannot be written', async () => {
    const path = join(folder, 'unwritable.log');
    mkdirSync(path);
    const log = createFileLogger({ path, now });
    const warned = once(process, 'warning');
    log.info('lost');
    log.info('lost too');
    const [warning] = (await warned) as [Error & { code?: string }];
    assert.equal(warning.code, 'SUPPLEMENTAL_BACKUP_LOG');
  });

  it('never throws, even where it cannot write', () => {
    const path = join(folder, 'a-folder.log');
    mkdirSync(path);
    createFileLogger({ path, now }).info('lost');
  });
});
