import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TableSummary } from '../../src/model/parts.js';
import { inOrderOfNeed, ScheduleWatch } from '../../src/recovery/restore/order-of-need.js';

let index = 0;
const table = (name: string, plainBytes: number): TableSummary => ({
  index: ++index,
  name,
  engine: 'MyISAM',
  rows: 1,
  parts: 1,
  storedBytes: plainBytes,
  plainBytes,
});

test('what an office needs to open its doors is restored first, logs last, and the longest first among those alike', () => {
  const tables = [
    table('claimproc', 900),
    table('securitylog', 100),
    table('Appointment', 50),
    table('procedurelog', 2000),
    table('patient', 70),
    table('a_table_of_nobody', 10),
  ];
  assert.deepEqual(
    inOrderOfNeed(tables).map(({ name }) => name),
    ['patient', 'Appointment', 'procedurelog', 'claimproc', 'a_table_of_nobody', 'securitylog'],
  );
});

test('a log that is much of everything does not wait until one session loads it alone', () => {
  const tables = [table('claimproc', 9000), table('securitylog', 8000), table('carrier', 10)];
  assert.deepEqual(
    inOrderOfNeed(tables).map(({ name }) => name),
    ['claimproc', 'securitylog', 'carrier'],
  );
});

test('the schedule is usable with the last table that it needs, once, and never where there is none', () => {
  const watch = new ScheduleWatch(['patient', 'appointment', 'claim'].map((name) => table(name, 1)));
  assert.deepEqual(
    ['claim', 'appointment', 'patient', 'patient', 'claim'].map((name) => watch.isUsableWith(name)),
    [false, false, true, false, false],
  );
  const none = new ScheduleWatch(['patient', 'claim'].map((name) => table(name, 1)));
  assert.equal(none.isUsableWith('patient'), false);
});
