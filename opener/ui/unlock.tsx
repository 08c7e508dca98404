import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Inspected, Problem } from '../data/protocol.js';
import type { GivenKey } from '../data/unlock.js';
import { LabelFacts, passwordHintOf } from './choose.js';
import { useFocus } from './hooks.js';
import { Alert } from './parts.js';
import { problemText, texts } from './texts.js';

type Way = GivenKey['kind'];

/** The second screen: whose copy this is, and the key. */
export function Unlock({
  file,
  onOther,
  ...form
}: FormProps & {
  readonly file: Inspected;
  readonly onOther: () => void;
}): JSX.Element {
  const takesPassword = (file.label?.unlock.length ?? 0) > 0;
  const takesKit = (file.label?.recoveryKits?.length ?? 0) > 0;
  const [way, setWay] = useState<Way>(takesPassword ? 'password' : 'key-file');
  const heading = useFocus<HTMLHeadingElement>();
  return (
    <main id="content" class="narrow">
      <h1 ref={heading} tabIndex={-1}>
        {file.label?.practiceId ?? file.name}
      </h1>
      <LabelFacts file={file} />
      <p class="hint">{texts.unproven}</p>
      {takesPassword || takesKit ? (
        <fieldset class="ways">
          <legend class="hidden">{texts.open}</legend>
          <WayChoice way="password" chosen={way} label={texts.withPassword} onChosen={setWay} />
          {takesKit && <WayChoice way="kit" chosen={way} label={texts.withKit} onChosen={setWay} />}
          <WayChoice way="key-file" chosen={way} label={texts.withKeyFile} onChosen={setWay} />
        </fieldset>
      ) : (
        <p>{texts.noPassword}</p>
      )}
      {way === 'password' ? (
        <PasswordForm {...form} hint={passwordHintOf(file)} />
      ) : way === 'kit' ? (
        <KitForm {...form} />
      ) : (
        <KeyFileForm {...form} />
      )}
      <p>
        <button type="button" class="link" disabled={form.busy} onClick={onOther}>
          {texts.otherFile}
        </button>
      </p>
    </main>
  );
}

function WayChoice({
  way,
  chosen,
  label,
  onChosen,
}: {
  readonly way: Way;
  readonly chosen: Way;
  readonly label: string;
  readonly onChosen: (way: Way) => void;
}): JSX.Element {
  return (
    <label class="choice">
      <input type="radio" name="way" checked={way === chosen} onChange={() => onChosen(way)} />
      {label}
    </label>
  );
}

interface FormProps {
  readonly busy: boolean;
  /** Whether the copy is damaged, and the search for what is left is running. */
  readonly isLooking: boolean;
  readonly problem: Problem | null;
  readonly onKey: (key: GivenKey) => void;
}

function PasswordForm({
  busy,
  onKey,
  hint,
  ...outcome
}: FormProps & { readonly hint: string | null }): JSX.Element {
  const [password, setPassword] = useState('');
  const [isShown, setShown] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (password !== '') onKey({ kind: 'password', password });
      }}
    >
      <label for="password">{texts.password}</label>
      <div class="line">
        <input
          id="password"
          type={isShown ? 'text' : 'password'}
          value={password}
          autocomplete="off"
          spellcheck={false}
          required
          disabled={busy}
          aria-describedby="password-hint"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={busy || password === ''}>
          {texts.open}
        </button>
      </div>
      <p id="password-hint" class="hint">
        {hint}
      </p>
      <label class="choice">
        <input
          type="checkbox"
          checked={isShown}
          onChange={(event) => setShown(event.currentTarget.checked)}
        />
        {texts.showPassword}
      </label>
      <Outcome busy={busy} {...outcome} />
    </form>
  );
}

function KitForm({ busy, onKey, ...outcome }: FormProps): JSX.Element {
  const [words, setWords] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (words.trim() !== '') onKey({ kind: 'kit', words });
      }}
    >
      <label for="kit-words">{texts.kitWords}</label>
      <textarea
        id="kit-words"
        rows={4}
        value={words}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        required
        disabled={busy}
        aria-describedby="kit-hint"
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <p id="kit-hint" class="hint">
        {texts.kitHint}
      </p>
      <button type="submit" class="primary" disabled={busy || words.trim() === ''}>
        {texts.open}
      </button>
      <Outcome busy={busy} {...outcome} />
    </form>
  );
}

function KeyFileForm({ busy, onKey, ...outcome }: FormProps): JSX.Element {
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <label for="key-file">{texts.keyFile}</label>
      <input
        id="key-file"
        type="file"
        disabled={busy}
        onChange={async (event) => {
          const file = event.currentTarget.files?.[0];
          // A key is one line; a much larger file is not one.
          if (file !== undefined) onKey({ kind: 'key-file', text: await file.slice(0, 65_536).text() });
        }}
      />
      <Outcome busy={busy} {...outcome} />
    </form>
  );
}

function Outcome({ busy, isLooking, problem }: Omit<FormProps, 'onKey'>): JSX.Element {
  return (
    <>
      <p class="waiting" role="status">
        {busy && (isLooking ? texts.damage.looking : texts.opening)}
      </p>
      {problem !== null && !busy && <Alert>{problemText(problem)}</Alert>}
    </>
  );
}
