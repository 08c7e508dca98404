import { escapeControls } from '../escape-controls.js';
import type { RestoreProgress } from '../recovery/restore/restore-report.js';
import type { Progress } from './progress.js';

/**
 * Shows how far a restore is: by its rows, and by what it does when no rows go in, which may take as long.
 *
 * @param atTheEnd - what follows the rows and their keys
 */
export function showRestore(
  progress: Progress,
  atTheEnd: string = 'making views, triggers and the like',
): (done: RestoreProgress) => void {
  let isScheduleUsable = false;
  return ({ phase, table, plainBytes, totalPlainBytes }) => {
    isScheduleUsable ||= phase === 'schedule-usable';
    const usable = isScheduleUsable ? 'the schedule is usable already' : undefined;
    const activities = {
      rows: usable,
      'schedule-usable': usable,
      keys: `building the keys of ${escapeControls(table)}`,
      objects: atTheEnd,
    };
    progress.update(plainBytes, totalPlainBytes, activities[phase]);
  };
}
