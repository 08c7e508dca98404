import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Alert, AlertCode, AlertSink } from '../../src/nightly/alerts/alert.js';
import { createMemoryAlerts, type MemoryAlerts } from '../../src/nightly/alerts/memory-alerts.js';
import type { LogFacts, Logger } from '../../src/nightly/log/logger.js';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import { NightJournal, untold } from '../../src/nightly/run/night-journal.js';
import { sendAlerts } from '../../src/nightly/run/send-alerts.js';
import { SpareRoom } from '../../src/nightly/run/spare-room.js';

const trouble: Alert = {
  code: 'hq-copy-failed',
  cause: 'storage-permanent',
  severity: 'medium',
  message: 'The store refuses it.',
  practiceId: '4711',
};

describe('an alert that cannot be delivered', () => {
  let folder = '';
  let journal: NightJournal;
  let memory: MemoryAlerts;
  let asked: string[] = [];
  let isDown = true;
  let logged: { readonly level: string; readonly message: string; readonly facts: LogFacts | undefined }[] =
    [];
  let events: BackupEvent[] = [];

  const log = (level: string) => (message: string, facts?: LogFacts) =>
    logged.push({ level, message, facts });
  const logger: Logger = { info: log('info'), warning: log('warning'), error: log('error') };
  const through = async (what: string, work: () => Promise<void> | undefined): Promise<void> => {
    asked.push(what);
    if (isDown) throw new TypeError('https://secret.example/uuid cannot be reached');
    await work();
  };
  const sink: AlertSink = {
    raise: (alert) => through(`raise ${alert.code}`, () => memory.raise(alert)),
    clear: (code) => through(`clear ${code}`, () => memory.clear(code)),
  };

  const tell = (...standing: Alert[]): Promise<void> =>
    sendAlerts(standing, new Set<AlertCode>(), {
      sink,
      journal,
      logger,
      emit: (event) => events.push(event),
    });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-alerts-'));
    journal = await NightJournal.open(
      { folder, spareRoom: new SpareRoom(folder) },
      { practiceId: '4711', night: '2026-07-14' },
    );
    // A journal that knows of nothing that stands: not a new one, which takes back whatever may stand.
    await journal.update(() => ({ alerts: {} }));
    memory = createMemoryAlerts();
    [asked, logged, events, isDown] = [[], [], [], true];
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('stops nothing, stands in the log without what the sink said, and is not taken for told', async () => {
    await tell(trouble);
    assert.deepEqual(
      logged.filter(({ level }) => level === 'error').map(({ message, facts }) => [message, facts]),
      [
        ['An alert could not be delivered.', { alert: 'hq-copy-failed', reason: 'TypeError' }],
        ['An alert could not be delivered.', { alert: 'backup-failed', reason: 'TypeError' }],
      ],
    );
    assert.deepEqual(journal.state.alerts, { 'hq-copy-failed': untold });
    assert.deepEqual(events, []);
  });

  it('is raised by the next run, once', async () => {
    await tell(trouble);
    isDown = false;
    await tell(trouble);
    await tell(trouble);
    assert.deepEqual(
      memory.raised.map(({ code }) => code),
      ['hq-copy-failed'],
    );
    assert.deepEqual(journal.state.alerts, { 'hq-copy-failed': 'storage-permanent' });
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['alert-raised'],
    );
  });

  it('is not held back by another one that fails', async () => {
    const other: Alert = { ...trouble, code: 'rehearsal-failed', cause: 'restore-failed' };
    await tell(trouble, other);
    assert.deepEqual(asked.slice(0, 2), ['raise hq-copy-failed', 'raise rehearsal-failed']);
  });

  it('and could not be taken back stands until a later run takes it back', async () => {
    isDown = false;
    await tell(trouble);
    isDown = true;
    await tell();
    assert.equal(memory.standing.size, 1);
    assert.deepEqual(journal.state.alerts, { 'hq-copy-failed': 'storage-permanent' });
    isDown = false;
    await tell();
    assert.equal(memory.standing.size, 0);
    assert.deepEqual(journal.state.alerts, {});
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['alert-raised', 'alert-cleared'],
    );
  });
});

describe('an alert that was told just before the power went', () => {
  it('is taken back when the trouble is over, though its run could not note it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sb-alerts-'));
    try {
      const open = () =>
        NightJournal.open(
          { folder, spareRoom: new SpareRoom(folder) },
          { practiceId: '4711', night: '2026-07-14' },
        );
      const before = await open();
      await before.update(() => ({ alerts: {} }));
      const memory = createMemoryAlerts();
      const rest = { logger: { info() {}, warning() {}, error() {} }, emit() {} };
      const sink: AlertSink = {
        ...memory,
        raise: async (alert) => {
          await memory.raise(alert);
          throw new Error('the power goes');
        },
      };
      await sendAlerts([trouble], new Set(), { sink, journal: before, ...rest });
      await sendAlerts([], new Set(), { sink: memory, journal: await open(), ...rest });
      assert.deepEqual([...memory.standing.keys()], []);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
