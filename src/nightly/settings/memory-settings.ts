import { assertArgument, assertOptions } from '../../arguments.js';
import { formatKeptHeads, parseKeptHeads } from '../../history/kept-heads.js';
import { withDefaults } from '../../with-defaults.js';
import { checkPathHere } from './check-network-path.js';
import type { BackupSettings, SettingsAuthor, SettingsStore } from './settings.js';
import { auditLines, validateChange } from './validate-change.js';

/** One line of the audit trail. */
export interface SettingsAuditLine extends SettingsAuthor {
  /** When it was changed. */
  readonly at: Date;
  /** What was changed, and by whom. */
  readonly text: string;
}

/** Settings in memory, for tests and for hosts that store them elsewhere. */
export interface MemorySettings extends SettingsStore {
  /** Who changed what, oldest first. */
  readonly audit: readonly SettingsAuditLine[];
}

/**
 * Settings in memory.
 *
 * @param initial - what is set at first; backups are on and no path is set where it says nothing
 * @param options.checkPath - decides whether a path can be used, instead of writing to it
 * @example
 * ```ts
 * const settings = createMemorySettings({ networkPath });
 * await settings.save({ enabled: false }, { userNum: '1', computer: 'FRONTDESK' });
 * console.log((await settings.read()).status, settings.audit.length);
 * ```
 */
export function createMemorySettings(
  initial: { readonly [Name in keyof BackupSettings]?: BackupSettings[Name] | undefined } = {},
  options: {
    readonly checkPath?: ((path: string) => Promise<void>) | undefined;
    readonly now?: (() => Date) | undefined;
  } = {},
): MemorySettings {
  assertArgument('initial', initial, 'object', { networkPath: 'text?', status: 'text?' });
  assertOptions(options, { checkPath: 'function?', now: 'function?' });
  const { checkPath = checkPathHere, now = () => new Date() } = options;
  let settings: BackupSettings = withDefaults<BackupSettings>(
    { status: 'enabled', networkPath: '', lastLocalCopy: null },
    initial,
  );
  const audit: SettingsAuditLine[] = [];
  let heads = '[]';
  return {
    audit,
    async read() {
      return settings;
    },
    async save(change, author) {
      const { enabled, networkPath } = await validateChange(settings, change, checkPath);
      settings = {
        ...settings,
        ...(enabled === undefined ? {} : { status: enabled ? 'enabled' : 'disabled' }),
        ...(networkPath === undefined ? {} : { networkPath }),
      };
      const lines = auditLines({
        ...(enabled === undefined ? {} : { enabled }),
        ...(networkPath === undefined ? {} : { networkPath }),
      });
      for (const text of lines) audit.push({ ...author, at: now(), text });
      return settings;
    },
    async lastRecorded() {
      const [on] = auditLines({ enabled: true });
      const [off] = auditLines({ enabled: false });
      const last = audit.findLast(({ text }) => text === on || text === off);
      return last === undefined ? {} : { enabled: last.text === on };
    },
    async recordLocalCopy(verifiedAt) {
      settings = { ...settings, lastLocalCopy: verifiedAt };
    },
    async keptHeads() {
      return parseKeptHeads(heads);
    },
    async keepHeads(newest) {
      heads = formatKeptHeads(parseKeptHeads(heads), newest);
    },
  };
}
