/** Deliberate faults of the nights, each of which a simulation must find. */
import { headsSeed } from './faults.js';
import type { Mutation } from './hooks.js';

export const mutations: readonly (Mutation & {
  readonly name: string;
  /** The seed to begin with, where those from 1 on never meet it. */
  readonly first?: number;
})[] = [
  {
    name: 'not-read-back',
    file: '/nightly/run/deliver-copy.js',
    from: "await verifyStored(store, key, { size: bytes, sha256 }, { signal, onProgress: tell('verify') });",
    to: '',
  },
  {
    name: 'days-cut-short',
    file: '/nightly/retention.js',
    from: 'if (ages.get(archive) <= horizon)',
    to: 'if (ages.get(archive) <= horizon - 172_800_000)',
  },
  {
    name: 'told-every-night',
    file: '/nightly/run/send-alerts.js',
    from: 'if (state.alerts[alert.code] === alert.cause && !hasUntold(state, alert.code))',
    to: 'if (false)',
  },
  {
    name: 'never-cleared',
    file: '/nightly/run/send-alerts.js',
    from: 'const told = Object.keys(journal.state.alerts);',
    to: 'const told = [];',
  },
  {
    name: 'late-at-any-time',
    file: '/nightly/next-run.js',
    from: 'return at <= lastStart && at < deadline ?',
    to: 'return at < new Date(deadline.getTime() + 14_400_000) ?',
  },
  {
    name: 'no-end-of-the-window',
    file: '/nightly/run/run-night.js',
    from: 'options.deadline === undefined ?',
    to: 'options.deadline !== undefined ?',
  },
  {
    name: 'report-overwritten',
    file: '/nightly/run/reports.js',
    from: 'earlier?.night === night ? joinReports(earlier, report) : report',
    to: 'report',
  },
  {
    name: 'guard-kept',
    file: '/nightly/run/run-night.js',
    from: 'await office.guard.release();',
    to: '',
  },
  {
    name: 'noted-before-removal',
    file: '/nightly/run/night-run.js',
    from: 'await destinationRun.prune(this.#admins);',
    to: 'await destinationRun.writeNotes(); await destinationRun.prune(this.#admins);',
  },
  {
    name: 'due-again',
    file: '/nightly/next-run.js',
    from: "since >= (destination === 'local' ? (schedule.localEveryNights ?? 7) : 1)",
    to: 'since >= 0',
  },
  {
    name: 'all-wait',
    file: '/nightly/run/pending-copies.js',
    from: 'each.file !== this.#sent &&',
    to: 'false &&',
  },
  {
    name: 'another-date',
    file: '/nightly/run/night-notes.js',
    from: 'await settings.recordLocalCopy(date,',
    to: 'await settings.recordLocalCopy(new Date(date.getTime() + 1000),',
  },
  {
    name: 'waits-for-ever',
    file: '/nightly/service/timeout.js',
    from: 'void clock.sleep(milliseconds, answered.signal).then(() => reject(signal.reason));',
    to: '',
  },
  {
    name: 'goes-on-removing',
    file: '/nightly/origin/watch-loss.js',
    from: 'return loss !== undefined ||',
    to: 'return false &&',
  },
  {
    name: 'gone-untold',
    file: '/nightly/origin/check-copies.js',
    from: "const isOver = state === 'going' ||",
    to: 'const isOver = true ||',
  },
  {
    name: 'old-settings-believed',
    file: '/nightly/run/known-practice.js',
    from: 'if (places.some((place) => known[place].eligible))',
    to: 'if (true)',
    first: 13_000_282,
  },
  {
    name: 'kept-notes-unheard',
    file: '/nightly/origin/head-keeper.js',
    from: 'known === undefined ||',
    to: 'true ||',
    first: headsSeed,
  },
  {
    name: 'told-good-anyway',
    file: '/nightly/run/tell-night.js',
    from: "report.outcome === 'complete' || report.outcome === 'nothing-due'",
    to: 'true',
  },
  {
    name: 'not-read-again',
    file: '/nightly/scrub/due-copies.js',
    from: 'let left = credit;',
    to: 'let left = 0;',
  },
];
