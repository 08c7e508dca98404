import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allTables, type NightFacts, type TableFacts } from '../../src/history/loss/facts.js';
import { describeLoss, type LossFinding } from '../../src/history/loss/findings.js';
import { judgeNight, type Tonight } from '../../src/history/loss/judge-night.js';
import { unchangedSince } from '../../src/history/loss/stillness.js';

type Tables = Record<string, TableFacts>;

/** A small random generator with a seed, so that a year is the same every time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function sizesOf(rows: number, bytesPerRow = 200, ratio = 0.25): TableFacts {
  const plainBytes = rows * bytesPerRow;
  return { rows, plainBytes, storedBytes: Math.round(plainBytes * ratio) };
}

function tableOf(...given: Parameters<typeof sizesOf>): TableFacts {
  return { ...sizesOf(...given), definition: 'a' };
}

function practice(patients = 500): Tables {
  return {
    patient: tableOf(patients),
    appointment: tableOf(patients * 8),
    procedurelog: tableOf(patients * 40),
    payment: tableOf(patients * 6),
    securitylog: tableOf(patients * 200, 80),
    signalod: tableOf(900, 60),
    emailmessage: tableOf(400, 500),
    ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`setup${i}`, tableOf(80 + i)])),
  };
}

function nightOf(day: number): string {
  return new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
}

function factsOf(day: number, tables: Tables, more: Partial<NightFacts> = {}): NightFacts {
  return { night: nightOf(day), scope: 'full', tables, version: '24.1', ...more };
}

/** What an open office adds in a day. */
function grow(tables: Tables, random: () => number): Tables {
  const grown = { ...tables };
  for (const [name, share] of Object.entries({
    patient: 0.001,
    appointment: 0.002,
    procedurelog: 0.002,
    payment: 0.002,
    securitylog: 0.003,
  })) {
    const rows = Math.round(tables[name]!.rows * (1 + share * (0.5 + random())) + 1);
    grown[name] = { ...tables[name]!, ...sizesOf(rows) };
  }
  grown['signalod'] = { ...tables['signalod']!, ...sizesOf(Math.round(500 + random() * 2000), 60) };
  // Appointments are broken and deleted, too.
  const appointments = grown['appointment']!.rows;
  if (random() < 0.2) {
    grown['appointment'] = { ...tables['appointment']!, ...sizesOf(Math.round(appointments * 0.997)) };
  }
  return grown;
}

function fiveWeeks(): { readonly history: readonly NightFacts[]; readonly tables: Tables } {
  const random = randomOf(5);
  const history: NightFacts[] = [];
  let tables = practice();
  for (let day = 0; day < 35; day += 1) {
    tables = grow(tables, random);
    history.push(factsOf(day, tables));
  }
  return { history, tables: grow(tables, random) };
}

const { history, tables: usual } = fiveWeeks();

function judge(tables: Tables, more: Partial<NightFacts> = {}, tonight: Partial<Tonight> = {}) {
  const findings = judgeNight(history, { facts: factsOf(35, tables, more), ...tonight });
  for (const each of findings) assert.match(describeLoss(each), /^[A-Z0-9].*\.$/);
  return findings;
}

function without(tables: Tables, name: string): Tables {
  const { [name]: _gone, ...rest } = tables;
  return rest;
}

function fewer(name: string, share: number): Tables {
  return { ...usual, [name]: tableOf(Math.round(usual[name]!.rows * (1 - share))) };
}

test('an ordinary night after five weeks has no findings', () => {
  assert.deepEqual(judge(usual), []);
});

const damages: readonly (readonly [string, Tables, LossFinding['kind'], Partial<NightFacts>?])[] = [
  ['5 % of the patients gone', fewer('patient', 0.05), 'rows-lost'],
  ['half of the procedures gone', fewer('procedurelog', 0.5), 'rows-lost'],
  ['all payments gone', fewer('payment', 1), 'rows-lost'],
  ['495 of 500 patients gone', fewer('patient', 0.99), 'rows-lost'],
  ['a table dropped', without(usual, 'payment'), 'table-vanished'],
  ['a small table dropped', without(usual, 'setup7'), 'table-vanished'],
  ['a table renamed', { ...without(usual, 'patient'), patient_old: usual['patient']! }, 'table-renamed'],
  [
    'columns encrypted in place',
    { ...usual, patient: { ...usual['patient']!, storedBytes: usual['patient']!.plainBytes * 0.8 } },
    'encrypted-in-place',
  ],
  [
    'definitions changed in many tables',
    Object.fromEntries(
      Object.entries(usual).map(([name, table], i) => [
        name,
        i % 5 === 0 ? { ...table, definition: 'b' } : table,
      ]),
    ),
    'definitions-changed',
  ],
  ['the audit log cut by a fiftieth', fewer('securitylog', 0.02), 'audit-log-shrank'],
  [
    'many small tables emptied',
    Object.fromEntries(
      Object.entries(usual).map(([name, table]) => [name, name.startsWith('setup') ? tableOf(0) : table]),
    ),
    'many-tables-shrank',
  ],
  ['all patients gone on the night of an upgrade', fewer('patient', 1), 'rows-lost', { version: '24.2' }],
];

for (const [name, tables, kind, more] of damages) {
  test(`is found on the same night: ${name}`, () => {
    assert.ok(judge(tables, more).some((each) => each.kind === kind));
  });
}

test('the state of an earlier day is found on the same night, by what the service wrote itself', () => {
  const ownDate = { written: '2026-02-04T23:00:00.000Z', found: '2026-01-20T23:00:00.000Z' };
  assert.deepEqual(judge(usual, {}, { ownDate }), [{ kind: 'went-back', ...ownDate }]);
  assert.deepEqual(judge(usual, {}, { ownDate: { ...ownDate, found: ownDate.written } }), []);
});

/** Nights of an office whose database changes on some days of the week, the first of January being a Thursday. */
function rhythm(days: number, isOpen: (weekday: number, day: number) => boolean): readonly NightFacts[] {
  let content = 0;
  return Array.from({ length: days }, (_, day) => {
    if (isOpen((day + 4) % 7, day)) content += 1;
    return factsOf(day, usual, { content: `${content}` });
  });
}
const atWork = (weekday: number): boolean => weekday > 0 && weekday < 6;

/** How many nights after the last change a copy of the server that stands still is found; -1 for never. */
function nightsUntilFound(past: readonly NightFacts[], more: Partial<NightFacts> = {}): number {
  const all = [...past];
  for (let night = 1; night <= 30; night += 1) {
    const facts = { ...factsOf(all.length, usual, { content: past.at(-1)!.content!, ...more }) };
    const found = judgeNight(all.slice(-35), { facts });
    for (const each of found) assert.match(describeLoss(each), /^[A-Z0-9].*\.$/);
    if (found.length > 0) return night;
    all.push(facts);
  }
  return -1;
}

test('a stale copy is found on the same night where programs write to the database every day', () => {
  assert.equal(nightsUntilFound(rhythm(35, () => true)), 1);
});

test('a stale copy is found after five days of work where nothing changes on closed days', () => {
  // The last day with a change is a Wednesday; five days of work later it is another one.
  assert.equal(nightsUntilFound(rhythm(35, atWork)), 7);
});

test('a stale copy is found after two weeks where little is known of the practice', () => {
  assert.equal(nightsUntilFound(rhythm(2, atWork)), 14);
});

test('what an older night is not remembered of is no table that vanished, where a clock was put right', () => {
  const { patient, appointment, procedurelog, payment, securitylog } = usual as Record<string, TableFacts>;
  const remembered = { patient, appointment, procedurelog, payment, securitylog } as Tables;
  // A clock that was ahead wrote nights that are still to come, and all before them grew old.
  const older = { ...remembered, [allTables]: sizesOf(6000) };
  const past = Array.from({ length: 11 }, (_, i) => factsOf(i, older));
  assert.deepEqual(judgeNight(past, { facts: factsOf(11, usual) }), []);
  const found = judgeNight(past, { facts: factsOf(11, without(usual, 'payment')) });
  assert.deepEqual(
    found.map((each) => ('table' in each ? `${each.kind} ${each.table}` : each.kind)),
    ['table-vanished payment'],
  );
});

test('a stale copy that was looked at is not told again, and the next one is', () => {
  const past = rhythm(35, () => true);
  const seen = { ...past.at(-1)!, night: nightOf(35), purged: [allTables] };
  assert.equal(nightsUntilFound([...past, seen]), -1);
  const later = Array.from({ length: 34 }, (_, i) => factsOf(36 + i, usual, { content: `later ${i}` }));
  assert.ok(nightsUntilFound([...past, seen, ...later]) === 1);
});

test('a server that says that it stopped following another one is found on the same night', () => {
  for (const past of [[], rhythm(1, () => true), rhythm(35, atWork)]) {
    const facts = factsOf(past.length, usual, { content: 'other', replica: 'stopped' });
    assert.deepEqual(judgeNight(past, { facts }), [{ kind: 'replica-stopped' }]);
    // Who stops it for every night, and starts it again, is told once.
    const next = factsOf(past.length + 1, usual, { content: 'again another', replica: 'stopped' });
    assert.deepEqual(judgeNight([...past, facts], { facts: next }), []);
  }
});

test('a server whose line to the other one is down is found on the first day of work without a change', () => {
  const past = rhythm(35, atWork);
  assert.equal(nightsUntilFound(past, { replica: 'waits' }), 1);
  assert.deepEqual(
    judgeNight(past, { facts: factsOf(35, usual, { content: 'other', replica: 'waits' }) }),
    [],
  );
  // Saturday and Sunday.
  assert.equal(nightsUntilFound(rhythm(37, atWork), { replica: 'waits' }), 3);
});

test('a stale copy is noticed on the same night, also at an office that works on no regular days', () => {
  const random = randomOf(7);
  let work = 0;
  const past = rhythm(35, () => random() < 0.4).map((each) => ({ ...each, content: `${work++ >> 1}` }));
  const last = past.at(-1)!;
  const facts = factsOf(35, usual, { content: last.content });
  assert.equal(unchangedSince(past, facts), last.night);
  assert.deepEqual(judgeNight(past, { facts }), []);
  assert.equal(unchangedSince(past, { ...facts, content: 'other' }), null);
  assert.equal(unchangedSince([], facts), null);
});

test('a night is held against the newest one that read the same tables', () => {
  const critical = { scope: 'critical' } as const;
  const first = factsOf(0, usual, { ...critical, content: 'a' });
  const both = factsOf(1, usual, { content: 'A', criticalContent: 'a' });
  const later = factsOf(2, usual, { ...critical, content: 'a' });
  assert.equal(unchangedSince([first], both), first.night);
  assert.equal(unchangedSince([first, both], later), both.night);
  assert.equal(unchangedSince([first, both], { ...later, content: 'b' }), null);
  assert.equal(unchangedSince([both, later], factsOf(3, usual, { content: 'A' })), both.night);
  // What is not critical may have changed.
  assert.equal(unchangedSince([both], factsOf(3, usual, { content: 'B', criticalContent: 'a' })), null);
});

test('a slow bleed is found though no single night loses much', () => {
  const past = [...history];
  let rows = usual['patient']!.rows;
  let found = -1;
  for (let day = 0; day < 10 && found < 0; day += 1) {
    rows = Math.round(rows * 0.98);
    const facts = factsOf(35 + day, { ...usual, patient: tableOf(rows) });
    if (judgeNight(past, { facts }).some(({ kind }) => kind === 'rows-lost')) found = day;
    past.push(facts);
  }
  assert.ok(found >= 3 && found <= 6, String(found));
});

test('an announced purge is no finding, on its night and later', () => {
  const facts = factsOf(35, fewer('procedurelog', 0.4), { purged: ['procedurelog'] });
  assert.deepEqual(judgeNight(history, { facts, announced: ['procedurelog'] }), []);
  const later = factsOf(36, { ...facts.tables, signalod: tableOf(7, 60) });
  assert.deepEqual(judgeNight([...history, facts], { facts: later }), []);
  // Only what was announced.
  const other = factsOf(35, { ...fewer('procedurelog', 0.4), patient: tableOf(3) });
  const found = judgeNight(history, { facts: other, announced: ['procedurelog'] });
  assert.deepEqual(
    found.map((each) => 'table' in each && each.table),
    ['patient'],
  );
});

test('a table that shrinks every week is no finding when it does so again', () => {
  const past: NightFacts[] = [];
  for (let day = 0; day < 35; day += 1) {
    const rows = day % 7 === 6 ? 3000 : 4000 + (day % 7) * 100;
    past.push(factsOf(day, { ...usual, appointment: tableOf(rows) }));
  }
  const facts = factsOf(41, { ...usual, appointment: tableOf(2900) });
  assert.deepEqual(judgeNight(past, { facts }), []);
});

test('an upgrade may remake definitions and drop what is not core', () => {
  const remade = Object.fromEntries(
    Object.entries(without(usual, 'setup3')).map(([name, table]) => [name, { ...table, definition: 'b' }]),
  );
  assert.deepEqual(judge({ ...remade, brandnew: tableOf(50) }, { version: '24.2' }), []);
});

test('readings of another scope are not held against each other', () => {
  const facts = factsOf(35, { patient: usual['patient']! }, { scope: 'critical' });
  assert.deepEqual(judgeNight(history, { facts }), []);
});

/** New Year, Memorial Day, Independence Day, Labor Day, Thanksgiving with its Friday, Christmas with its eve. */
const holidays = new Set([1, 145, 184, 250, 330, 331, 358, 359, 360]);

test('fifteen normal years raise at most one false alarm each', () => {
  let most = 0;
  let all = 0;
  for (let seed = 1; seed <= 15; seed += 1) {
    const random = randomOf(seed);
    const past: NightFacts[] = [];
    let tables = practice(200 + Math.round(random() * 3000));
    let version = 1;
    let closed = 0;
    let alarms = 0;
    let standing = 0;
    // Where programs write every day, nothing ever stands still.
    const hasPrograms = seed % 3 === 0;
    let content = 0;
    for (let day = 0; day < 365; day += 1) {
      // Closed on weekends and holidays, now and then, and once for two weeks.
      closed = day === 200 ? 14 : Math.max(0, closed - 1);
      const isOff = closed > 0 || day % 7 > 4 || holidays.has(day) || random() < 0.02;
      if (!isOff) tables = grow(tables, random);
      const announced: string[] = [];
      if (random() < 0.01) {
        announced.push('procedurelog');
        tables = { ...tables, procedurelog: tableOf(Math.round(tables['procedurelog']!.rows * 0.8)) };
      }
      // Mail is tidied away now and then, unannounced; the software is upgraded four times.
      if (random() < 0.03) tables = { ...tables, emailmessage: tableOf(Math.round(random() * 300), 500) };
      if (day % 91 === 90) {
        version += 1;
        const remade = Object.entries(tables).map(([name, each]) => [
          name,
          random() < 0.3 ? { ...each, definition: `${version}` } : each,
        ]);
        tables = Object.fromEntries(remade) as Tables;
      }
      if (!isOff || hasPrograms) content += 1;
      const facts = factsOf(day, tables, {
        version: `24.${version}`,
        content: `${content} ${JSON.stringify(tables['emailmessage'])} ${version}`,
        ...(announced.length === 0 ? {} : { purged: announced }),
      });
      const found = judgeNight(past.slice(-35), { facts, announced });
      past.push(facts);
      if (standing === 0 && found.length === 0) continue;
      if (standing === 0) alarms += 1;
      // Somebody looks at it on the fourth day.
      standing = (standing + 1) % 4;
      if (standing === 0) past[past.length - 1] = { ...facts, purged: [allTables] };
    }
    most = Math.max(most, alarms);
    all += alarms;
  }
  assert.ok(most <= 1, `${most} in one year, ${all} in all`);
});
