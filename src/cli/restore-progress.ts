import { escapeControls } from '../escape-controls.js';
import type { RestoreProgress } from '../recovery/restore/restore-report.js';
import type { Progress } from './progress.js';

/**
 * Shows the progress of a restore: its rows, and what it does while no rows are loaded.
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
