import { BackupError } from '../../errors.js';
import { checkNetworkPath } from './check-network-path.js';
import type { BackupSettings, SettingsChange } from './settings.js';

/** Reduces a change to real differences, and validates them. */
export async function validateChange(
  current: BackupSettings,
  change: SettingsChange,
  checkPath: (path: string) => Promise<void> = checkNetworkPath,
): Promise<SettingsChange> {
  const path = change.networkPath?.trim();
  const enabled = current.status === 'enabled';
  if (change.enabled === true && current.status === 'disabled-by-hq') {
    throw new BackupError(
      'settings-invalid',
      'Headquarters has switched supplemental backups off for this practice; call support.',
      { details: { setting: 'enabled' } },
    );
  }
  const different = path !== undefined && path !== current.networkPath;
  if (different && path !== '') await checkPath(path);
  return {
    ...(change.enabled === undefined || change.enabled === enabled ? {} : { enabled: change.enabled }),
    ...(different ? { networkPath: path } : {}),
  };
}

/** The lines of the audit trail for a change, in the words of the practice's software. */
export function auditLines(change: SettingsChange): readonly string[] {
  const lines: string[] = [];
  if (change.enabled !== undefined) {
    lines.push(`Supplemental backup has been ${change.enabled ? 'Enabled' : 'Disabled'}.`);
  }
  if (change.networkPath !== undefined) {
    lines.push(`Backup Copy Network Path changed to '${change.networkPath}'.`);
  }
  return lines;
}
