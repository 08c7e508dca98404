import type { FieldView, Lookup, PracticeViews, SheetSection } from '../../src/catalog/practice-views.js';
import type {
  FoundPatients,
  PatientHead,
  ScheduleDay,
  SchedulePlace,
  SectionRows,
  Visit,
} from './protocol.js';
import { dayNumber, type RowSet, type Rows } from './rows.js';

interface KnownPatient extends PatientHead {
  readonly searched: string;
  readonly isHidden: boolean;
}

/** A practice as its program would show it: schedule, patients, sheets. */
export class Practice {
  readonly #rows: Rows;
  readonly #views: PracticeViews;
  readonly #lookups = new Map<string, Promise<ReadonlyMap<bigint, string>>>();
  #patients: Promise<ReadonlyMap<bigint, KnownPatient>> | undefined;

  constructor(rows: Rows, views: PracticeViews) {
    this.#rows = rows;
    this.#views = views;
  }

  async schedule(firstDay: string, count: number, signal?: AbortSignal): Promise<readonly ScheduleDay[]> {
    const { schedule } = this.#views;
    const days = daysFrom(firstDay, count);
    const wanted = new Set(days.map((day) => BigInt(day.replaceAll('-', ''))));
    const patients = await this.#allPatients(signal);
    const providers = await this.#lookup(schedule.provider, signal);
    const places = await this.#places(signal);
    const visits = new Map<string, Map<bigint, Visit[]>>(days.map((day) => [day, new Map()]));
    const found = this.#rows.where(schedule.table, schedule.at, (day) => wanted.has(day), {
      numberOf: dayNumber,
      signal,
    });
    for await (const { set, rows } of found) {
      const read = visitReader(set, this.#views, patients, providers);
      const place = set.number(schedule.place);
      for (const row of rows) {
        const visit = read(row);
        if (visit === null) continue;
        const ofDay = visits.get(visit.day)!;
        const at = places.has(place(row) ?? 0n) ? place(row)! : 0n;
        const own = ofDay.get(at) ?? [];
        ofDay.set(at, own);
        own.push(visit);
      }
    }
    return days.map((day) => ({ day, places: placesOf(visits.get(day)!, places) }));
  }

  async patients(text: string, most: number, signal?: AbortSignal): Promise<FoundPatients> {
    const words = text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((word) => word !== '');
    const all = [...(await this.#allPatients(signal)).values()];
    const found = all.filter(
      ({ searched, isHidden }) => !isHidden && words.every((word) => fits(searched, word)),
    );
    return { patients: found.slice(0, most).map(headOf), count: found.length };
  }

  async patient(patient: string, signal?: AbortSignal): Promise<PatientHead | null> {
    const known = (await this.#allPatients(signal)).get(BigInt(patient));
    return known === undefined ? null : headOf(known);
  }

  async section(patient: string, id: string, signal?: AbortSignal): Promise<SectionRows> {
    const section = this.#views.sheet.find((each) => each.id === id);
    if (section === undefined) throw new RangeError(`there is no section "${id}"`);
    const number = BigInt(patient);
    const fields = await this.#fieldsThere(section, signal);
    const found: { readonly order: string; readonly values: readonly string[] }[] = [];
    const rows = this.#rows.where(section.table, section.by, (value) => value === number, { signal });
    const names = await Promise.all(
      fields.map(async ({ lookup }) => (lookup === undefined ? null : this.#lookup(lookup, signal))),
    );
    for await (const { set, rows: own } of rows) {
      const cells = fields.map((field, at) => fieldReader(set, field, names[at]!));
      const order = set.text(section.newestFirst ?? '');
      const without = set.text(section.without?.column ?? '');
      for (const row of own) {
        if (section.without?.values.includes(without(row) ?? '') === true) continue;
        found.push({ order: order(row) ?? '', values: cells.map((cell) => cell(row)) });
      }
    }
    // Equal rows keep the order of the table.
    if (section.newestFirst !== undefined)
      found.sort((a, b) => (a.order < b.order ? 1 : a.order > b.order ? -1 : 0));
    return {
      fields: fields.map(({ title, form }) => ({ title, ...(form === undefined ? {} : { form }) })),
      rows: found.map(({ values }) => values),
    };
  }

  /** The sections whose tables are there. */
  get sections(): readonly SheetSection[] {
    return this.#views.sheet.filter(({ table }) => this.#rows.has(table));
  }

  async #fieldsThere(section: SheetSection, signal?: AbortSignal): Promise<readonly FieldView[]> {
    const { columns } = await this.#rows.describe(section.table, signal);
    const there = new Set(columns.map(({ name }) => name));
    return section.fields.filter(({ column }) => there.has(column));
  }

  #allPatients(signal?: AbortSignal): Promise<ReadonlyMap<bigint, KnownPatient>> {
    if (this.#patients === undefined) {
      this.#patients = this.#readPatients(signal);
      this.#patients.catch(() => {
        this.#patients = undefined;
      });
    }
    return this.#patients;
  }

  async #readPatients(signal?: AbortSignal): Promise<ReadonlyMap<bigint, KnownPatient>> {
    const view = this.#views.patients;
    const known: [bigint, KnownPatient][] = [];
    for await (const set of this.#rows.scan(view.table, signal)) {
      const key = set.number(view.key);
      const text = (column: string): ((row: number) => string) => {
        const read = set.text(column);
        return (row) => read(row) ?? '';
      };
      const [last, first, middle, preferred] = [view.last, view.first, view.middle, view.preferred].map(text);
      const phones = view.phones.map(({ column, title }) => ({ title, read: text(column) }));
      const also = view.alsoSearched.map(text);
      const [birth, status] = [text(view.birth), text(view.status)];
      for (let row = 0; row < set.rows; row++) {
        const number = key(row);
        if (number === null) continue;
        const called = preferred!(row) === '' ? '' : ` “${preferred!(row)}”`;
        const given = [first!(row) + called, middle!(row)].filter((part) => part !== '').join(' ');
        const name = [last!(row), given].filter((part) => part !== '').join(', ');
        const numbers = phones
          .map(({ title, read }) => ({ title, number: read(row) }))
          .filter(({ number }) => number !== '');
        const born = dateOrNull(birth(row));
        const searched = [
          name,
          String(number),
          born ?? '',
          born === null ? '' : americanDate(born),
          ...numbers.flatMap(({ number }) => [number, number.replace(/\D/g, '')]),
          ...also.map((read) => read(row)),
        ];
        known.push([
          number,
          {
            patient: String(number),
            name,
            birth: born,
            phones: numbers,
            status: status(row) === '0' ? '' : (view.statuses[status(row)] ?? ''),
            searched: searched.join('\n').toLowerCase(),
            isHidden: view.hiddenStatuses.includes(status(row)),
          },
        ]);
      }
    }
    known.sort(([, a], [, b]) => a.name.localeCompare(b.name, 'en'));
    return new Map(known);
  }

  /** Names of rows by their keys. */
  #lookup(lookup: Lookup, signal?: AbortSignal): Promise<ReadonlyMap<bigint, string>> {
    const name = JSON.stringify([lookup.table, lookup.key, lookup.label]);
    let names = this.#lookups.get(name);
    if (names === undefined) {
      names = this.#readLookup(lookup, signal);
      names.catch(() => this.#lookups.delete(name));
      this.#lookups.set(name, names);
    }
    return names;
  }

  async #readLookup(
    { table, key, label }: Lookup,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<bigint, string>> {
    const names = new Map<bigint, string>();
    for await (const set of this.#rows.scan(table, signal)) {
      const read = set.number(key);
      const texts = label.map((column) => set.text(column));
      for (let row = 0; row < set.rows; row++) {
        const number = read(row);
        const words = texts.map((text) => text(row) ?? '').filter((word) => word !== '');
        if (number !== null) names.set(number, words.join(' '));
      }
    }
    return names;
  }

  /** The places of the schedule, in the order of the office. */
  async #places(signal?: AbortSignal): Promise<ReadonlyMap<bigint, string>> {
    const { places } = this.#views.schedule;
    const names = await this.#lookup(places, signal);
    const order = await this.#lookup({ ...places, label: [places.order] }, signal);
    const rank = (key: bigint): number => Number(order.get(key) ?? 0);
    return new Map([...names].sort(([a], [b]) => rank(a) - rank(b) || Number(a - b)));
  }
}

// Finds numbers with or without separators between the digits.
function fits(searched: string, word: string): boolean {
  const digits = word.replace(/\D/g, '');
  return (
    searched.includes(word) || (digits.length >= 4 && /^[\d()+.-]+$/.test(word) && searched.includes(digits))
  );
}

function headOf({ patient, name, birth, phones, status }: KnownPatient): PatientHead {
  return { patient, name, birth, phones, status };
}

function placesOf(
  visits: ReadonlyMap<bigint, readonly Visit[]>,
  names: ReadonlyMap<bigint, string>,
): readonly SchedulePlace[] {
  const sorted = (own: readonly Visit[]): readonly Visit[] =>
    [...own].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const placed = [...names].flatMap(([key, name]) => {
    const own = visits.get(key);
    return own === undefined ? [] : [{ name, visits: sorted(own) }];
  });
  const rest = visits.get(0n);
  return rest === undefined ? placed : [...placed, { name: null, visits: sorted(rest) }];
}

function visitReader(
  set: RowSet,
  { schedule }: PracticeViews,
  patients: ReadonlyMap<bigint, KnownPatient>,
  providers: ReadonlyMap<bigint, string>,
): (row: number) => (Visit & { readonly day: string }) | null {
  const [at, length, status, what, note, isNew, key] = [
    schedule.at,
    schedule.length,
    schedule.status,
    schedule.what,
    schedule.note,
    schedule.isNewPatient,
    schedule.key,
  ].map((column) => set.text(column));
  const patient = set.number(schedule.patient);
  const who = schedule.providers.map((column) => set.number(column));
  return (row) => {
    const word = schedule.shownStatuses[status!(row) ?? ''];
    if (word === undefined) return null;
    const moment = at!(row) ?? '';
    const from = moment.slice(11, 16);
    const minutes = (length!(row) ?? '').length * schedule.minutesPerCharacter;
    const known = patients.get(patient(row) ?? 0n);
    return {
      day: moment.slice(0, 10),
      key: key!(row) ?? '',
      from,
      until: minutes === 0 ? null : later(from, minutes),
      patient: known === undefined ? null : headOf(known),
      what: what!(row) ?? '',
      note: note!(row) ?? '',
      status: word,
      isNewPatient: isNew!(row) === '1',
      providers: [...new Set(who.map((read) => providers.get(read(row) ?? 0n) ?? ''))].filter(
        (name) => name !== '',
      ),
    };
  };
}

function fieldReader(
  set: RowSet,
  { column, words, lookup, orElse }: FieldView,
  names: ReadonlyMap<bigint, string> | null,
): (row: number) => string {
  const text = set.text(column);
  const other = orElse === undefined ? () => '' : set.text(orElse);
  if (lookup !== undefined) {
    const number = set.number(column);
    return (row) => names?.get(number(row) ?? 0n) || other(row) || '';
  }
  if (words !== undefined) return (row) => words[text(row) ?? ''] ?? text(row) ?? '';
  return (row) => text(row) || other(row) || '';
}

function daysFrom(first: string, count: number): readonly string[] {
  const start = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, day) =>
    new Date(start + day * 86_400_000).toISOString().slice(0, 10),
  );
}

function later(from: string, minutes: number): string {
  const total = (Number(from.slice(0, 2)) * 60 + Number(from.slice(3, 5)) + minutes) % 1440;
  return `${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`;
}

// Before that year a date means that there is none.
function dateOrNull(text: string): string | null {
  const date = text.slice(0, 10);
  return date < '1880' ? null : date;
}

function americanDate(date: string): string {
  const [year, month, day] = date.split('-').map(Number);
  return `${month}/${day}/${year}`;
}
