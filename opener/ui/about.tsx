import type { JSX } from 'preact';
import type { Inspected, Opened } from '../data/protocol.js';
import { LabelFacts } from './choose.js';
import { useFocus } from './hooks.js';
import { moment, texts } from './texts.js';

/** How far the reading of the whole copy is. */
export type Checked =
  | { readonly kind: 'damaged' }
  | { readonly kind: 'not-yet' }
  | { readonly kind: 'reading'; readonly done: number; readonly of: number }
  | { readonly kind: 'whole' };

/** What the copy is, and whether it is whole. */
export function About({
  file,
  opened,
  checked,
}: {
  readonly file: Inspected;
  readonly opened: Opened;
  readonly checked: Checked;
}): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const rows = opened.tables.reduce((sum, table) => sum + table.rows, 0);
  return (
    <>
      <div class="head">
        <h1 ref={heading} tabIndex={-1}>
          {texts.about.title}
        </h1>
      </div>
      <LabelFacts file={file} />
      <dl class="facts">
        {opened.snapshotAt !== null && <Fact title={texts.about.taken} value={moment(opened.snapshotAt)} />}
        <Fact title={texts.about.holds} value={texts.about.tables(opened.tables.length, rows)} />
        <Fact title={texts.about.program} value={opened.program ?? texts.about.noProgram} />
        <Fact title={texts.facts.id} value={opened.archiveId} />
        <Fact title={texts.about.checked} value={checkedText(checked)} />
      </dl>
      {opened.losses.length > 0 && (
        <section>
          <h2>{texts.about.lost}</h2>
          <ul class="losses">
            {opened.losses.map((loss) => (
              <li key={loss} class="bad">
                {loss}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="note">
        <p>{texts.about.notIn}</p>
        <p>{texts.about.restore}</p>
      </section>
    </>
  );
}

function Fact({ title, value }: { readonly title: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function checkedText(checked: Checked): string {
  switch (checked.kind) {
    case 'damaged':
      return texts.about.notWhole;
    case 'not-yet':
      return texts.about.notYet;
    case 'reading':
      return texts.about.checking(checked.done, checked.of);
    case 'whole':
      return texts.about.whole;
  }
}
