import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Opened, PatientFormat, Problem, Progress, SectionHead, SectionRows } from '../data/protocol.js';
import type { Client } from './client.js';
import { asProblem, save, useAnswer, useFocus } from './hooks.js';
import { Alert, Lost, Scrolling, Waiting } from './parts.js';
import { date, dateAndTime, money, problemText, texts } from './texts.js';

/** One patient on one page. */
export function Sheet({
  client,
  opened,
  patient,
  onBack,
}: {
  readonly client: Client;
  readonly opened: Opened;
  readonly patient: string;
  readonly onBack: () => void;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const answer = useAnswer(client, 'patient', [patient], opened);
  const head = answer.result;
  return (
    <article class="sheet">
      <div class="head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {head?.name ?? texts.sheet.number(patient)}
          </h1>
          {head !== null && (
            <p class="quiet">
              {[date(head.birth ?? ''), texts.sheet.number(patient), head.status]
                .filter((part) => part !== '')
                .join(' · ')}
            </p>
          )}
        </div>
        <div class="tools">
          <button type="button" onClick={onBack}>
            {texts.back}
          </button>
          <button type="button" onClick={() => window.print()}>
            {texts.print}
          </button>
          <Everything client={client} patient={patient} />
        </div>
      </div>
      <Waiting answer={answer} />
      {head === null && answer.problem === null && answer.progress === null && (
        <p class="quiet print-hidden">{texts.sheet.missing}</p>
      )}
      <div class="sections">
        {opened.sections.map((section) => (
          <Section key={section.id} client={client} opened={opened} patient={patient} section={section} />
        ))}
      </div>
    </article>
  );
}

const formats: readonly PatientFormat[] = ['json', 'zip'];

function Everything({ client, patient }: { readonly client: Client; readonly patient: string }): JSX.Element {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = async (format: PatientFormat): Promise<void> => {
    setProblem(null);
    setProgress({ done: 0, of: 1 });
    try {
      const file = await client.ask('extract', [patient, format], { onProgress: setProgress });
      save(file, `patient-${patient}.${format}`);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setProgress(null);
  };
  return (
    <>
      {formats.map((format) => (
        <button
          key={format}
          type="button"
          title={texts.sheet.everythingHint}
          disabled={progress !== null}
          onClick={() => start(format)}
        >
          {texts.sheet.everything[format]}
        </button>
      ))}
      {progress !== null && (
        <p class="quiet" role="status">
          {texts.tables.saving(progress.done, progress.of)}
        </p>
      )}
      {problem !== null && <Alert>{problemText(problem)}</Alert>}
    </>
  );
}

function Section({
  client,
  opened,
  patient,
  section,
}: {
  readonly client: Client;
  readonly opened: Opened;
  readonly patient: string;
  readonly section: SectionHead;
}): JSX.Element | null {
  const answer = useAnswer(client, 'section', [patient, section.id], opened);
  const isLossy = opened.damagedTables.includes(section.table);
  const isEmpty = answer.result !== null && emptyIn(section, answer.result);
  // Sections that may be empty take no space then.
  if (isEmpty && section.empty === null && !isLossy) return null;
  return (
    <section
      class={`part ${section.layout}`}
      data-section={section.id}
      aria-labelledby={`section-${section.id}`}
    >
      <h2 id={`section-${section.id}`}>{section.title}</h2>
      <Lost opened={opened} tables={[section.table]} />
      <Waiting answer={answer} />
      {isEmpty && <p class="quiet">{section.empty ?? texts.sheet.none}</p>}
      {answer.result !== null && !isEmpty && <SectionBody section={section} answer={answer.result} />}
    </section>
  );
}

function emptyIn({ kind }: SectionHead, { rows, fields }: SectionRows): boolean {
  if (kind === 'rows') return rows.length === 0;
  return !rows.some((row) => row.some((value, at) => shown(value, fields[at]!) !== ''));
}

function SectionBody({
  section,
  answer: { fields, rows },
}: {
  readonly section: SectionHead;
  readonly answer: SectionRows;
}): JSX.Element {
  if (section.kind === 'facts') {
    return (
      <dl class="facts">
        {rows.flatMap((row) =>
          fields.map((field, at) => {
            const value = shown(row[at]!, field);
            return value === '' ? null : (
              <div key={field.title}>
                <dt>{field.title}</dt>
                <dd class={field.form === 'money' ? 'number' : undefined}>{value}</dd>
              </div>
            );
          }),
        )}
      </dl>
    );
  }
  const filled = fields.map((field, at) => rows.some((row) => shown(row[at]!, field) !== ''));
  return (
    <Scrolling label={section.title}>
      <table>
        <thead>
          <tr>
            {fields.map(
              (field, at) =>
                filled[at] && (
                  <th key={field.title} scope="col">
                    {field.title}
                  </th>
                ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, number) => (
            <tr key={number}>
              {fields.map(
                (field, at) =>
                  filled[at] && (
                    <td key={field.title} class={classOf(field)}>
                      {shown(row[at]!, field)}
                    </td>
                  ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}

type Field = SectionRows['fields'][number];

function classOf({ form }: Field): string | undefined {
  if (form === 'money') return 'number';
  return form === 'date' || form === 'datetime' ? 'nowrap' : undefined;
}

function shown(value: string, { form }: Field): string {
  switch (form) {
    case 'date':
      return date(value);
    case 'datetime':
      return dateAndTime(value);
    case 'money':
      return money(value);
    default:
      return value;
  }
}
