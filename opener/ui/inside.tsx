import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Inspected, Opened } from '../data/protocol.js';
import { About, type Checked } from './about.js';
import type { Client } from './client.js';
import { Patients } from './patients.js';
import { firstDayOf, Schedule } from './schedule.js';
import { Sheet } from './sheet.js';
import { Grid, Tables } from './tables.js';
import { moment, texts } from './texts.js';

type Place =
  | { readonly kind: 'about' }
  | { readonly kind: 'patients' }
  | { readonly kind: 'schedule' }
  | { readonly kind: 'sheet'; readonly patient: string; readonly from: Place }
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'tables' };

/** The screens of an open copy, and their frame. */
export function Inside({
  client,
  file,
  opened,
  isLooking,
  onClose,
}: {
  readonly client: Client;
  readonly file: Inspected;
  readonly opened: Opened;
  /** Damage was found, and the search for what is left is running. */
  readonly isLooking: boolean;
  readonly onClose: () => void;
}): JSX.Element {
  const hasViews = opened.program !== null;
  const [place, setPlace] = useState<Place>({ kind: hasViews ? 'schedule' : 'tables' });
  const [day, setDay] = useState(() => firstDayOf(opened.snapshotAt, new Date()));
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState('');
  const checked = useProof(client, opened);
  const onPatient = (patient: string): void => setPlace({ kind: 'sheet', patient, from: place });
  const screen = (): JSX.Element => {
    switch (place.kind) {
      case 'schedule':
        return <Schedule client={client} opened={opened} day={day} onDay={setDay} onPatient={onPatient} />;
      case 'patients':
        return (
          <Patients client={client} opened={opened} text={search} onText={setSearch} onPatient={onPatient} />
        );
      case 'sheet':
        return (
          <Sheet
            key={place.patient}
            client={client}
            opened={opened}
            patient={place.patient}
            onBack={() => setPlace(place.from)}
          />
        );
      case 'tables':
        return (
          <Tables
            opened={opened}
            filter={filter}
            onFilter={setFilter}
            onTable={(table) => setPlace({ kind: 'table', table })}
          />
        );
      case 'table':
        return (
          <Grid
            key={place.table}
            client={client}
            opened={opened}
            table={place.table}
            onBack={() => setPlace({ kind: 'tables' })}
          />
        );
      case 'about':
        return <About file={file} opened={opened} checked={checked} />;
    }
  };
  const current = place.kind === 'sheet' ? place.from.kind : place.kind === 'table' ? 'tables' : place.kind;
  const link = (kind: 'about' | 'patients' | 'schedule' | 'tables'): JSX.Element => (
    <li>
      <button
        type="button"
        aria-current={current === kind ? 'page' : undefined}
        onClick={() => setPlace({ kind })}
      >
        {texts.nav[kind]}
      </button>
    </li>
  );
  return (
    <>
      <header class="bar">
        <div class="who">
          <strong>{file.label?.practiceId ?? file.name}</strong>
          {opened.snapshotAt !== null && <span>{texts.asOf(moment(opened.snapshotAt))}</span>}
        </div>
        <nav aria-label={texts.nav.label}>
          <ul>
            {hasViews && link('schedule')}
            {hasViews && link('patients')}
            {link('tables')}
            {link('about')}
          </ul>
        </nav>
        <button type="button" class="plain close" onClick={onClose}>
          {texts.close}
        </button>
      </header>
      <Damage opened={opened} isLooking={isLooking} onAll={() => setPlace({ kind: 'about' })} />
      <main id="content">{screen()}</main>
    </>
  );
}

/** Shown on every screen of a damaged copy. */
function Damage({
  opened: { losses },
  isLooking,
  onAll,
}: {
  readonly opened: Opened;
  readonly isLooking: boolean;
  readonly onAll: () => void;
}): JSX.Element | null {
  if (losses.length === 0 && !isLooking) return null;
  return (
    <div class="damage" role="alert">
      <strong>{losses.length === 0 ? texts.damage.looking : texts.damage.title}</strong>
      {losses.length > 0 && (
        <>
          {' '}
          <span>{losses[0]}</span> <span>{texts.damage.advice}</span>{' '}
          {losses.length > 1 && (
            <button type="button" class="link" onClick={onAll}>
              {texts.damage.more}
            </button>
          )}
        </>
      )}
    </div>
  );
}

/** Reads the whole copy in the background, to report damage before somebody relies on the content. */
function useProof(client: Client, opened: Opened): Checked {
  const [checked, setChecked] = useState<Checked>({ kind: 'not-yet' });
  const isDamaged = opened.losses.length > 0;
  useEffect(() => {
    if (isDamaged) return undefined;
    const controller = new AbortController();
    // What people wait for comes first.
    const timer = setTimeout(() => {
      client
        .ask('prove', [], {
          signal: controller.signal,
          onProgress: ({ done, of }) => setChecked({ kind: 'reading', done, of }),
        })
        .then(
          (now) => setChecked({ kind: now.losses.length > 0 ? 'damaged' : 'whole' }),
          () => undefined,
        );
    }, 1500);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, isDamaged]);
  return isDamaged ? { kind: 'damaged' } : checked;
}
