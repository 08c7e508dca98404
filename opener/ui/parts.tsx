import type { ComponentChildren, JSX } from 'preact';
import type { Opened } from '../data/protocol.js';
import type { Answer } from './hooks.js';
import { problemText, texts } from './texts.js';

/** A notice. */
export function Alert({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="alert" role="alert">
      {children}
    </div>
  );
}

/** The state of a request to the worker; nothing once it is answered. */
export function Waiting({ answer }: { readonly answer: Answer<unknown> }): JSX.Element | null {
  if (answer.problem !== null) return <Alert>{problemText(answer.problem)}</Alert>;
  if (answer.result !== null && answer.progress === null) return null;
  const { progress } = answer;
  return (
    <p class="waiting" role="status">
      {progress === null ? texts.loading : texts.reading(progress.done, progress.of)}
    </p>
  );
}

/** A table that scrolls when it is too wide, also by keyboard. */
export function Scrolling({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

/** A notice that rows are missing here. */
export function Lost({
  opened,
  tables,
}: {
  readonly opened: Opened;
  readonly tables: readonly string[];
}): JSX.Element | null {
  const lost = tables.filter((table) => opened.damagedTables.includes(table));
  if (lost.length === 0) return null;
  return <p class="bad lost">{texts.lostRows(lost)}</p>;
}
