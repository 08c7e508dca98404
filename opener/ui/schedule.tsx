import type { JSX } from 'preact';
import type { Opened, PatientHead, ScheduleDay, Visit } from '../data/protocol.js';
import type { Client } from './client.js';
import { useAnswer, useFocus } from './hooks.js';
import { Lost, Waiting } from './parts.js';
import { age, clock, longDay, texts } from './texts.js';

const days = 2;
/** A copy of last night is of today. */
const oldAfterHours = 36;

/** The day on which a copy was taken, in the time of this computer. */
export function dayOfCopy(snapshotAt: string | null, today: string): string {
  return snapshotAt === null ? today : localDay(new Date(snapshotAt));
}

/** The day with which the schedule begins. */
export function firstDayOf(snapshotAt: string | null, now: Date): string {
  const isOld = snapshotAt !== null && now.getTime() - Date.parse(snapshotAt) > oldAfterHours * 3_600_000;
  return isOld ? dayOfCopy(snapshotAt, localDay(now)) : localDay(now);
}

function localDay(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function shifted(day: string, by: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
}

export function Schedule({
  client,
  opened,
  day,
  onDay,
  onPatient,
}: {
  readonly client: Client;
  readonly opened: Opened;
  readonly day: string;
  readonly onDay: (day: string) => void;
  readonly onPatient: (patient: string) => void;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const answer = useAnswer(client, 'schedule', [day, days], opened);
  const now = new Date();
  const today = localDay(now);
  const ofCopy = dayOfCopy(opened.snapshotAt, today);
  const isOld = firstDayOf(opened.snapshotAt, now) !== today && day === ofCopy;
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>
          {texts.schedule.title}
        </h1>
        <div class="tools">
          <button
            type="button"
            aria-label={texts.schedule.earlier}
            title={texts.schedule.earlier}
            onClick={() => onDay(shifted(day, -1))}
          >
            ‹
          </button>
          <label class="hidden" for="day">
            {texts.schedule.day}
          </label>
          <input
            id="day"
            type="date"
            value={day}
            onChange={(event) => event.currentTarget.value !== '' && onDay(event.currentTarget.value)}
          />
          <button
            type="button"
            aria-label={texts.schedule.later}
            title={texts.schedule.later}
            onClick={() => onDay(shifted(day, 1))}
          >
            ›
          </button>
          <button type="button" aria-pressed={day === today} onClick={() => onDay(today)}>
            {texts.schedule.today}
          </button>
          {ofCopy !== today && (
            <button type="button" aria-pressed={day === ofCopy} onClick={() => onDay(ofCopy)}>
              {texts.schedule.ofCopy(ofCopy)}
            </button>
          )}
          <button type="button" onClick={() => window.print()}>
            {texts.print}
          </button>
        </div>
      </div>
      {isOld && <p class="note slim">{texts.schedule.old(age(opened.snapshotAt!, now.getTime()), ofCopy)}</p>}
      <Lost opened={opened} tables={opened.uses.schedule} />
      <Waiting answer={answer} />
      {answer.result?.map((each) => (
        <Day key={each.day} day={each} onPatient={onPatient} />
      ))}
    </>
  );
}

function Day({
  day: { day, places },
  onPatient,
}: {
  readonly day: ScheduleDay;
  readonly onPatient: (patient: string) => void;
}): JSX.Element {
  return (
    <section class="day" aria-labelledby={`day-${day}`}>
      <h2 id={`day-${day}`}>{longDay(day)}</h2>
      {places.length === 0 && <p class="quiet">{texts.schedule.none}</p>}
      <div class="places">
        {places.map(({ name, visits }) => (
          <section key={name} class="place" aria-label={name ?? texts.schedule.noPlace}>
            <h3>{name ?? texts.schedule.noPlace}</h3>
            <ol>
              {visits.map((visit) => (
                <VisitCard key={visit.key} visit={visit} onPatient={onPatient} />
              ))}
            </ol>
          </section>
        ))}
      </div>
    </section>
  );
}

function VisitCard({
  visit,
  onPatient,
}: {
  readonly visit: Visit;
  readonly onPatient: (patient: string) => void;
}): JSX.Element {
  const { patient, from, until, what, note, status, isNewPatient, providers } = visit;
  return (
    <li class={status === 'Broken' ? 'visit broken' : 'visit'}>
      <div class="time">
        <span>
          {clock(from)}
          {until !== null && <> – {clock(until)}</>}
        </span>
        <span class="quiet">{providers.join(', ')}</span>
      </div>
      {patient === null ? (
        <span class="quiet">{texts.schedule.unknownPatient}</span>
      ) : (
        <button type="button" class="link name" onClick={() => onPatient(patient.patient)}>
          {patient.name}
        </button>
      )}
      {(status !== '' || isNewPatient) && (
        <span class="tags">
          {status !== '' && <span class="tag">{status}</span>}
          {isNewPatient && <span class="tag strong">{texts.schedule.newPatient}</span>}
        </span>
      )}
      <span>{what}</span>
      {patient !== null && <Phones patient={patient} />}
      {note !== '' && <span class="quiet">{note}</span>}
    </li>
  );
}

export function Phones({ patient: { phones } }: { readonly patient: PatientHead }): JSX.Element {
  if (phones.length === 0) return <span class="quiet">{texts.schedule.noPhone}</span>;
  return (
    <span class="phones">
      {phones.map(({ title, number }) => (
        <span key={title}>
          {number} <span class="quiet">{title}</span>
        </span>
      ))}
    </span>
  );
}
