import type { Progress } from '../../src/cli/progress.js';
import type { BackupEvent } from '../../src/index.js';
import type { Stage } from './stage.js';

/** Shows the events of a night as they come. */
export function watchNight(stage: Stage): {
  readonly onEvent: (event: BackupEvent) => void;
  readonly stop: () => void;
} {
  let progress: Progress | undefined;
  let shown = '';
  const show = (label: string, done: number, total?: number) => {
    if (label !== shown) {
      progress?.stop();
      progress = stage.progress(label, 'bytes');
      shown = label;
    }
    progress?.update(done, total);
  };
  const stop = () => {
    progress?.stop();
    progress = undefined;
    shown = '';
  };
  return {
    onEvent(event) {
      if (event.kind === 'read-progress') show('Reading and sealing', event.progress.plainBytes);
      if (event.kind !== 'snapshot' || event.event.kind !== 'unlocked') return;
      stop();
      stage.say(`The office could write again after ${event.event.lockSeconds.toFixed(1)} s.`);
    },
    stop,
  };
}
