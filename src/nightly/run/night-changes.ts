/** What changed since the last night, for the journal and the report. */
import type { Practice } from '../../eligibility/is-eligible.js';
import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { ReportedChange } from './backup-report.js';
import { codeOf } from './failure.js';
import { rememberedPins } from './journal-shapes.js';
import type { NightContext } from './night-context.js';
import type { SealedNight } from './seal-copies.js';

/** Records which settings changed since the last night. */
export async function noteSettings(
  context: NightContext,
  changes: ReportedChange[],
  { status, networkPath }: { readonly status: Practice['status']; readonly networkPath: string },
): Promise<void> {
  const { plan, journal, tools, signal, logger } = context;
  const before = journal.state.settings;
  noteChange(context, changes, 'status', before?.status, status);
  noteChange(context, changes, 'network-path', before?.networkPath, networkPath);
  const wasSwitchedOff = status === 'disabled' && before?.status === 'enabled';
  let unrecordedOff: true | undefined = status === 'disabled' ? journal.state.unrecordedOff : undefined;
  if (wasSwitchedOff && plan.settings?.lastRecorded !== undefined) {
    try {
      const recorded = await settingsWithTimeout(plan.settings, tools.clock).lastRecorded?.({ signal });
      if (recorded?.enabled !== false) unrecordedOff = true;
    } catch (error) {
      logger.warning('The audit trail could not be read.', { code: codeOf(error) });
    }
  }
  await journal.update(() => ({ settings: { status, networkPath }, unrecordedOff }));
}

function noteChange(
  { logger }: NightContext,
  changes: ReportedChange[],
  what: ReportedChange['what'],
  before: string | undefined,
  after: string,
): void {
  if (before === undefined || before === after) return;
  changes.push({ what, before, after });
  logger.warning('Something changed since the last night.', { what, before, after });
}

/** Records whether the key holder changed since the last night. */
export async function noteKey(
  context: NightContext,
  changes: ReportedChange[],
  { facts, pin, warnings }: SealedNight,
): Promise<void> {
  const { journal } = context;
  const { pins = [] } = journal.state;
  const [before] = pins;
  const holder = facts.keyHolder;
  if (holder !== undefined) {
    const name = (who: { readonly userNum: string; readonly userName: string }): string =>
      `${who.userName} (user ${who.userNum})`;
    noteChange(context, changes, 'key-holder', before && name(before), name(holder));
  }
  if (pin === undefined) return;
  noteChange(context, changes, 'recipient', before?.unlock.recipient, pin.unlock.recipient);
  const keyUnproven = warnings.find(({ code }) => code === 'key-unproven')?.message;
  const others = pins.filter(({ userNum }) => userNum !== pin.userNum);
  await journal.update(() => ({ pins: [pin, ...others].slice(0, rememberedPins), keyUnproven }));
}
