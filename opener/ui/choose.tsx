import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Inspected, Problem } from '../data/protocol.js';
import { useFocus } from './hooks.js';
import { Alert } from './parts.js';
import { date, moment, problemText, size, texts } from './texts.js';

/** The first screen: choose a file, or several. */
export function Choose({
  busy,
  problem,
  onFiles,
}: {
  readonly busy: boolean;
  readonly problem: Problem | null;
  readonly onFiles: (files: readonly File[]) => void;
}): JSX.Element {
  const [isOver, setOver] = useState(false);
  const heading = useFocus<HTMLHeadingElement>();
  const take = (list: FileList | null): void => {
    const files = [...(list ?? [])];
    if (files.length > 0) onFiles(files);
  };
  return (
    <main id="content" class="narrow">
      <h1 ref={heading} tabIndex={-1}>
        {texts.title}
      </h1>
      <p class="lead">{texts.lead}</p>
      <section
        class={isOver ? 'drop over' : 'drop'}
        aria-label={texts.choose}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files ?? null);
        }}
      >
        <p>{texts.drop}</p>
        <label class="button primary">
          <input
            type="file"
            class="inside"
            multiple
            disabled={busy}
            onChange={(event) => take(event.currentTarget.files)}
          />
          {texts.choose}
        </label>
        <p class="hint">{texts.severalHint}</p>
      </section>
      {problem !== null && <Alert>{problemText(problem)}</Alert>}
      <section class="note">
        <h2>{texts.beforeYouStart}</h2>
        <p>{texts.beforeYouStartText}</p>
      </section>
    </main>
  );
}

/** Several files: which of them? */
export function Which({
  files,
  onChosen,
  onOther,
}: {
  readonly files: readonly Inspected[];
  readonly onChosen: (index: number) => void;
  readonly onOther: () => void;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const order = files
    .map((file, index) => ({ file, index }))
    .sort((a, b) => ((a.file.label?.createdAt ?? '') < (b.file.label?.createdAt ?? '') ? 1 : -1));
  return (
    <main id="content" class="narrow">
      <h1 ref={heading} tabIndex={-1}>
        {texts.whichOne}
      </h1>
      <ul class="cards">
        {order.map(({ file, index }) => (
          <li key={index}>
            <button
              type="button"
              class="card"
              disabled={file.problem !== null}
              onClick={() => onChosen(index)}
            >
              <strong>{file.label === null ? file.name : moment(file.label.createdAt)}</strong>
              {file.label !== null && (
                <span>
                  {file.label.practiceId}, {texts.scopes[file.label.scope]}
                </span>
              )}
              <span class="hint">
                {file.name}, {size(file.size)}
              </span>
              {file.problem !== null && <span class="bad">{problemText(file.problem)}</span>}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={onOther}>
        {texts.otherFile}
      </button>
    </main>
  );
}

/** The label, for people. */
export function LabelFacts({ file }: { readonly file: Inspected }): JSX.Element {
  const { label } = file;
  const facts: readonly (readonly [string, string])[] = [
    ...(label === null
      ? []
      : ([
          [texts.facts.practice, label.practiceId],
          [texts.facts.database, label.database],
          [texts.facts.taken, moment(label.createdAt)],
          [texts.facts.scope, texts.scopes[label.scope]],
          ...(label.keyHolder === undefined
            ? []
            : [[texts.facts.sealedFor, label.keyHolder.userName] as const]),
          ...(label.recoveryKits ?? []).map(
            ({ id, createdAt }) =>
              [texts.facts.alsoOpens, texts.facts.withKitOf(date(createdAt), id)] as const,
          ),
        ] as const)),
    [texts.facts.file, file.name],
    [texts.facts.size, size(file.size)],
  ];
  return (
    <dl class="facts">
      {facts.map(([title, value]) => (
        <div key={`${title} ${value}`}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Whose password is needed, and of when. */
export function passwordHintOf({ label }: Inspected): string | null {
  if (label?.keyHolder === undefined) return null;
  return texts.passwordHint(label.keyHolder.userName, date(label.createdAt));
}
