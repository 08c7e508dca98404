import type { JSX } from 'preact';
import type { Opened } from '../data/protocol.js';
import type { Client } from './client.js';
import { useAnswer, useFocus, useSettled } from './hooks.js';
import { Lost, Scrolling, Waiting } from './parts.js';
import { Phones } from './schedule.js';
import { date, texts } from './texts.js';

const most = 100;

/** Search for a patient. */
export function Patients({
  client,
  opened,
  text,
  onText,
  onPatient,
}: {
  readonly client: Client;
  readonly opened: Opened;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onPatient: (patient: string) => void;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const settled = useSettled(text);
  const answer = useAnswer(client, 'patients', [settled, most], opened);
  const { columns } = texts.patients;
  const found = answer.result;
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>
          {texts.patients.title}
        </h1>
      </div>
      <label for="search">{texts.patients.search}</label>
      <input
        id="search"
        type="search"
        class="wide"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      <p class="quiet" role="status">
        {found !== null &&
          (found.count === 0
            ? texts.patients.none
            : texts.patients.found(found.patients.length, found.count))}
      </p>
      <Lost opened={opened} tables={opened.uses.patients} />
      <Waiting answer={answer} />
      {found !== null && found.count > 0 && (
        <Scrolling label={texts.patients.title}>
          <table class="people">
            <thead>
              <tr>
                <th scope="col">{columns.name}</th>
                <th scope="col">{columns.birth}</th>
                <th scope="col">{columns.phones}</th>
                <th scope="col">{columns.status}</th>
              </tr>
            </thead>
            <tbody>
              {found.patients.map((patient) => (
                <tr key={patient.patient}>
                  <th scope="row">
                    <button type="button" class="link name" onClick={() => onPatient(patient.patient)}>
                      {patient.name}
                    </button>
                  </th>
                  <td class="nowrap">{date(patient.birth ?? '')}</td>
                  <td>
                    <Phones patient={patient} />
                  </td>
                  <td>{patient.status}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
    </>
  );
}
