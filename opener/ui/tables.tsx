import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Opened, Problem, Progress } from '../data/protocol.js';
import type { Client } from './client.js';
import { asProblem, save, useAnswer, useFocus } from './hooks.js';
import { Alert, Lost, Scrolling, Waiting } from './parts.js';
import { problemText, texts } from './texts.js';

const numbers = new Intl.NumberFormat('en-US');

/** All tables of the copy. */
export function Tables({
  opened,
  filter,
  onFilter,
  onTable,
}: {
  readonly opened: Opened;
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly onTable: (table: string) => void;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [onlyFilled, setOnlyFilled] = useState(true);
  const wanted = filter.trim().toLowerCase();
  const shown = opened.tables.filter(
    ({ name, rows }) => (!onlyFilled || rows > 0) && name.toLowerCase().includes(wanted),
  );
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>
          {texts.tables.title}
        </h1>
      </div>
      <label for="filter">{texts.tables.filter}</label>
      <input
        id="filter"
        type="search"
        class="wide"
        value={filter}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onFilter(event.currentTarget.value)}
      />
      <label class="choice">
        <input
          type="checkbox"
          checked={onlyFilled}
          onChange={(event) => setOnlyFilled(event.currentTarget.checked)}
        />
        {texts.tables.onlyFilled}
      </label>
      <Scrolling label={texts.tables.title}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">{texts.tables.columns.name}</th>
              <th scope="col" class="number">
                {texts.tables.columns.rows}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, rows, whole }) => (
              <tr key={name}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => onTable(name)}>
                    {name}
                  </button>
                  {!whole && <span class="bad"> {texts.tables.damaged}</span>}
                </th>
                <td class="number">{numbers.format(rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </>
  );
}

const mostRows = 50;

/** One table as a grid. */
export function Grid({
  client,
  opened,
  table,
  onBack,
}: {
  readonly client: Client;
  readonly opened: Opened;
  readonly table: string;
  readonly onBack: () => void;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [typed, setTyped] = useState('');
  const [place, setPlace] = useState({ text: '', from: 0 });
  const columns = useAnswer(client, 'columns', [table], opened);
  const page = useAnswer(client, 'page', [table, place.text, place.from, mostRows], opened);
  const of = opened.tables.find(({ name }) => name === table)?.rows ?? 0;
  const rows = page.result?.rows ?? [];
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>
          {table}
        </h1>
        <div class="tools">
          <button type="button" onClick={onBack}>
            {texts.back}
          </button>
          <SaveCsv client={client} table={table} />
        </div>
      </div>
      <Lost opened={opened} tables={[table]} />
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          setPlace({ text: typed, from: 0 });
        }}
      >
        <label class="hidden" for="find">
          {texts.tables.search}
        </label>
        <input
          id="find"
          type="search"
          placeholder={texts.tables.search}
          value={typed}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit">{texts.tables.searchButton}</button>
      </form>
      <div class="pager">
        <span class="quiet" role="status">
          {page.result !== null &&
            (rows.length === 0
              ? place.text === ''
                ? texts.tables.none
                : texts.tables.noMatch
              : place.text === ''
                ? texts.tables.rows(rows[0]!.number + 1, rows.at(-1)!.number + 1, of)
                : texts.tables.found(rows.length))}
        </span>
        <span class="tools">
          <button type="button" disabled={place.from === 0} onClick={() => setPlace({ ...place, from: 0 })}>
            {texts.tables.first}
          </button>
          <button
            type="button"
            disabled={page.result === null || page.result.next === null}
            onClick={() => setPlace({ ...place, from: page.result!.next! })}
          >
            {texts.tables.next}
          </button>
        </span>
      </div>
      <Waiting answer={page} />
      {rows.length > 0 && columns.result !== null && (
        <Scrolling label={table}>
          <table class="grid">
            <thead>
              <tr>
                <th scope="col" class="number">
                  {texts.tables.row}
                </th>
                {columns.result.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ number, values }) => (
                <tr key={number}>
                  <th scope="row" class="number">
                    {numbers.format(number + 1)}
                  </th>
                  {values.map((value, at) => (
                    <td key={columns.result![at]}>
                      {value === null ? <span class="null">{texts.tables.null}</span> : value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolling>
      )}
    </>
  );
}

function SaveCsv({ client, table }: { readonly client: Client; readonly table: string }): JSX.Element {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [outcome, setOutcome] = useState<Problem | 'saved' | null>(null);
  const start = async (): Promise<void> => {
    setOutcome(null);
    setProgress({ done: 0, of: 1 });
    try {
      save(await client.ask('csv', [table], { onProgress: setProgress }), `${fileNameOf(table)}.csv`);
      setOutcome('saved');
    } catch (error) {
      setOutcome(asProblem(error));
    }
    setProgress(null);
  };
  return (
    <>
      <button type="button" disabled={progress !== null} onClick={start}>
        {progress === null ? texts.tables.csv : texts.tables.saving(progress.done, progress.of)}
      </button>
      {outcome === 'saved' && (
        <span class="quiet" role="status">
          {texts.tables.saved}
        </span>
      )}
      {outcome !== null && outcome !== 'saved' && <Alert>{problemText(outcome)}</Alert>}
    </>
  );
}

// The name of a table must not become a path.
function fileNameOf(table: string): string {
  return table.replace(/[^A-Za-z0-9_]+/g, '-').slice(0, 100) || 'table';
}
