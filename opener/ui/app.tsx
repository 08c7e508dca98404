import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { Inspected, Opened, Problem } from '../data/protocol.js';
import type { GivenKey } from '../data/unlock.js';
import { Choose, Which } from './choose.js';
import { startClient } from './client.js';
import { asProblem } from './hooks.js';
import { Inside } from './inside.js';
import { texts } from './texts.js';
import { Unlock } from './unlock.js';

type Stage =
  | { readonly kind: 'choose' }
  | { readonly kind: 'inside'; readonly index: number; readonly opened: Opened }
  | { readonly kind: 'unlock'; readonly index: number }
  | { readonly kind: 'which' };

/** The page: a file, a key, what is inside. */
export function App(): JSX.Element {
  const [stage, setStage] = useState<Stage>({ kind: 'choose' });
  const [files, setFiles] = useState<readonly Inspected[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isLooking, setLooking] = useState(false);
  const client = useMemo(
    () =>
      startClient((damaged) => {
        setLooking(damaged === 'looking');
        if (damaged !== 'looking')
          setStage((stage) => (stage.kind === 'inside' ? { ...stage, opened: damaged } : stage));
      }),
    [],
  );

  const onFiles = async (given: readonly File[]): Promise<void> => {
    setProblem(null);
    setBusy(true);
    try {
      const inspected = await client.ask('inspect', [given]);
      setFiles(inspected);
      if (inspected.length > 1) setStage({ kind: 'which' });
      else if (inspected[0]!.problem === null) setStage({ kind: 'unlock', index: 0 });
      else setProblem(inspected[0]!.problem);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };

  const onKey = async (index: number, key: GivenKey): Promise<void> => {
    setProblem(null);
    setBusy(true);
    try {
      const opened = await client.ask('open', [index, key]);
      setStage({ kind: 'inside', index, opened });
    } catch (error) {
      setProblem(asProblem(error));
    }
    setLooking(false);
    setBusy(false);
  };

  const start = (): void => {
    setProblem(null);
    setStage({ kind: 'choose' });
  };

  const screen = (): JSX.Element => {
    switch (stage.kind) {
      case 'choose':
        return <Choose busy={isBusy} problem={problem} onFiles={onFiles} />;
      case 'which':
        return (
          <Which files={files} onChosen={(index) => setStage({ kind: 'unlock', index })} onOther={start} />
        );
      case 'unlock':
        return (
          <Unlock
            file={files[stage.index]!}
            busy={isBusy}
            isLooking={isLooking}
            problem={problem}
            onKey={(key) => onKey(stage.index, key)}
            onOther={start}
          />
        );
      case 'inside':
        return (
          <Inside
            client={client}
            file={files[stage.index]!}
            opened={stage.opened}
            isLooking={isLooking}
            // The page is dropped with everything that was read.
            onClose={() => window.location.reload()}
          />
        );
    }
  };
  return (
    <>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      {screen()}
    </>
  );
}
