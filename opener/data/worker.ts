/** Reads the copy and answers the page. Uses no network. */
import { openDentalPatientRows } from '../../src/catalog/open-dental/patient-rows.js';
import { openDentalViews } from '../../src/catalog/open-dental/views.js';
import type { PracticeViews } from '../../src/catalog/practice-views.js';
import { isBackupError } from '../../src/errors.js';
import { extractPatient } from '../../src/recovery/records/extract-patient.js';
import { patientJson } from '../../src/recovery/records/patient-json.js';
import { type Copy, openCopy, salvageCopy } from './copy.js';
import { inspectFile, problemOf, rangesOf } from './inspect.js';
import { zipOfPatient } from './patient-zip.js';
import { Practice } from './practice.js';
import type {
  Asked,
  Dropped,
  Inspected,
  Opened,
  PatientFormat,
  Problem,
  Progress,
  Questions,
  Said,
} from './protocol.js';
import { Rows } from './rows.js';
import { blobOf, columnsOf, csvOf, pageOf } from './tables.js';
import { identitiesFrom } from './unlock.js';

const programs: readonly PracticeViews[] = [openDentalViews];

interface OpenCopy {
  readonly file: File;
  readonly identities: readonly string[];
  readonly copy: Copy;
  readonly rows: Rows;
  readonly practice: Practice | null;
  readonly opened: Opened;
}

let files: readonly File[] = [];
let inspected: readonly Inspected[] = [];
let current: OpenCopy | null = null;
/** The search for what is left, after damage was found. */
let salvaging: Promise<OpenCopy> | null = null;

function madeOf(file: File, identities: readonly string[], copy: Copy): OpenCopy {
  const rows = new Rows(copy);
  // Lost tables count too: the program is recognised by their names.
  const views = programs.find(({ marks }) =>
    marks.every((table) => rows.has(table) || copy.damagedTables.includes(table)),
  );
  const practice = views === undefined ? null : new Practice(rows, views);
  const { label, archiveId, snapshotAt, losses, damagedTables } = copy;
  const opened: Opened = {
    label,
    archiveId,
    snapshotAt,
    program: views?.name ?? null,
    sections:
      practice?.sections.map(({ id, title, kind, layout = 'beside', table, empty }) => ({
        layout,
        id,
        title,
        kind,
        table,
        empty: empty ?? null,
      })) ?? [],
    uses: {
      schedule:
        views === undefined ? [] : [views.schedule.table, views.patients.table, views.schedule.places.table],
      patients: views === undefined ? [] : [views.patients.table],
    },
    tables: copy.tables.map(({ name, rows, whole }) => ({ name, rows, whole })),
    losses,
    damagedTables,
  };
  return { file, identities, copy, rows, practice, opened };
}

type Surroundings = { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void };
type Answers = {
  readonly [Name in keyof Questions]: (
    given: Parameters<Questions[Name]>,
    surroundings: Surroundings,
  ) => Promise<ReturnType<Questions[Name]>>;
};

const answers: Answers = {
  async inspect([given]) {
    files = given;
    inspected = await Promise.all(given.map(inspectFile));
    return inspected;
  },
  async open([index, key], { signal }) {
    const file = files[index]!;
    const { label } = inspected[index]!;
    const newer = inspected.flatMap((each) =>
      each.label === null || each.label === label ? [] : [each.label],
    );
    const identities = await identitiesFrom(key, label, newer);
    const copy = await openCopy(rangesOf(file), { identities }, () => say({ damaged: 'looking' }), signal);
    if (copy.tables.length === 0 && copy.losses.length > 0) throw new NothingLeft();
    current?.copy.close();
    salvaging = null;
    current = madeOf(file, identities, copy);
    return current.opened;
  },
  schedule: ([day, days], { signal }) => onCopy(({ practice }) => practice!.schedule(day, days, signal)),
  patients: ([text, most], { signal }) => onCopy(({ practice }) => practice!.patients(text, most, signal)),
  patient: ([patient], { signal }) => onCopy(({ practice }) => practice!.patient(patient, signal)),
  section: ([patient, id], { signal }) =>
    inTurn(signal, () => onCopy(({ practice }) => practice!.section(patient, id, signal))),
  columns: ([table], { signal }) => onCopy(({ rows }) => columnsOf(rows, table, signal)),
  page: ([table, text, from, most], { signal, onProgress }) =>
    onCopy(({ rows }) => pageOf(rows, { table, text, from, most }, onProgress, signal)),
  csv: ([table], { signal, onProgress }) => onCopy(({ rows }) => csvOf(rows, table, onProgress, signal)),
  extract: ([patient, format], { signal, onProgress }) =>
    onCopy((open) => everythingOf(open, patient, format, onProgress, signal)),
  prove: (_, { signal, onProgress }) =>
    onCopy(async ({ copy, opened }) => {
      await copy.prove((done, of) => onProgress({ done, of }), whenNobodyWaits, signal);
      return opened;
    }),
};

async function everythingOf(
  { copy, rows }: OpenCopy,
  patient: string,
  format: PatientFormat,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const source = {
    manifest: { archiveId: copy.archiveId, snapshotAt: copy.snapshotAt ?? '', tables: copy.tables },
    table: (name: string) => rows.describe(name, signal),
    async *readTable(name: string) {
      const { parts } = rows.table(name);
      for (let part = 0; part < parts.length; part++) yield copy.readPart(name, part, signal);
    },
  };
  const parts = extractPatient(source, patient, {
    rules: openDentalPatientRows,
    signal,
    onProgress: ({ tables, ofTables }) => onProgress({ done: tables, of: ofTables }),
  });
  if (format === 'zip') return zipOfPatient(parts, rows, patient, signal);
  return blobOf(
    patientJson(parts, () => undefined),
    'application/json',
  );
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * One after another, in the order of the page: the first result comes at once, though the last reads a large
 * table.
 */
function inTurn<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const result = turn.then(() => {
    signal.throwIfAborted();
    return work();
  });
  turn = result.catch(() => undefined);
  return result;
}

class NothingLeft extends Error {}

/**
 * Works on the open copy. If that proves to be damaged, what is left takes its place, and the work runs
 * again.
 */
async function onCopy<Result>(work: (open: OpenCopy) => Promise<Result>): Promise<Result> {
  const open = current;
  if (open === null) throw new Error('no copy is open');
  try {
    return await work(salvaging === null ? open : await salvaging);
  } catch (error) {
    if (!isBackupError(error, 'archive-damaged')) throw error;
    return work(await saved(open));
  }
}

function saved(open: OpenCopy): Promise<OpenCopy> {
  if (current !== open && current !== null) return Promise.resolve(current);
  salvaging ??= (async () => {
    say({ damaged: 'looking' });
    const { file, identities } = open;
    const copy = await salvageCopy(rangesOf(file), { identities });
    open.copy.close();
    current = madeOf(file, identities, copy);
    say({ damaged: current.opened });
    return current;
  })();
  return salvaging;
}

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Asked | Dropped>) => void) | null;
  postMessage(said: Said): void;
};

function say(said: Said): void {
  scope.postMessage(said);
}

const running = new Map<number, AbortController>();

scope.onmessage = ({ data }) => {
  if ('dropped' in data) running.get(data.id)?.abort();
  else void answer(data);
};

/** Requests of the user come before work in the background. */
async function whenNobodyWaits(): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, running.size > 1 ? 50 : 0));
  while (running.size > 1);
}

async function answer({ id, question, given }: Asked): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const { signal } = controller;
  const onProgress = (progress: Progress): void => say({ id, progress });
  try {
    const give = answers[question] as (
      given: readonly unknown[],
      surroundings: Surroundings,
    ) => Promise<unknown>;
    say({ id, answer: await give(given, { signal, onProgress }) });
  } catch (error) {
    say({ id, problem: withUser(question, given, error) });
  } finally {
    running.delete(id);
  }
}

/** Names the user whose password is needed. */
function withUser(question: keyof Questions, given: readonly unknown[], error: unknown): Problem {
  if (error instanceof NothingLeft) return { kind: 'nothing-left' };
  const problem = problemOf(error);
  if (question !== 'open' || problem.kind !== 'wrong-key') return problem;
  const [index, key] = given as Parameters<Questions['open']>;
  if (key.kind !== 'password') return problem;
  const { label } = inspected[index]!;
  const { keyHolder, createdAt } = label ?? {};
  return {
    kind: 'wrong-password',
    ...(keyHolder === undefined ? {} : { userName: keyHolder.userName }),
    ...(createdAt === undefined ? {} : { at: createdAt }),
  };
}
