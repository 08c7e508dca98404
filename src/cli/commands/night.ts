import { isBackupError } from '../../errors.js';
import { digestOf, readRehearsal } from '../../evidence/files.js';
import { createEvidencePage } from '../../evidence/index.js';
import { checkNight } from '../../nightly/check/check-night.js';
import { renderCheck } from '../../nightly/check/findings.js';
import { type FilePlan, planOf } from '../../nightly/file/plan-of.js';
import { runTonight } from '../../nightly/file/run-tonight.js';
import type { EvidencePlan } from '../../nightly/run/evidence-plan.js';
import { renderReport } from '../../nightly/run/render-report.js';
import { startNightly } from '../../nightly/service/start-nightly.js';
import type { Command, CommandLine, CommandResult } from '../command.js';
import { type ExitCode, exitCodeOf, exitCodes, UsageError } from '../exit-codes.js';
import { versionsOf } from '../program-versions.js';
import { version } from '../version.js';

/** `night`: the copies of every night, from a file. */
export const nightCommand: Command = {
  name: 'night',
  help: `Run the backups of every night from a file, where no host service does it:
under systemd, Windows Task Scheduler or cron. Log and alerts go to stderr.

Usage: supplemental-backup night --config FILE [--once | --check] [--json]

  --config FILE  what to copy where and when: docs/SERVICE.md shows one. It
                 holds no secret, but names the variable or file that does
  --once         make tonight's copies now, but none that are there already,
                 read older copies again for half an hour at most, and end.
                 The report goes to stdout
  --check        try everything that a night needs, make nothing, and end
  --json         one JSON document, when it ends

Without either it runs until it is stopped (SIGTERM, Ctrl-C), and ends within 5
seconds. Sealed copies that were not sent yet are sent at the next start.

Exit codes: 0 done, or stopped; 1 a copy is missing, or a check failed; 2 the
file cannot be used, so do not retry; 5 the practice may not back up, or nobody
could open a copy; 130 --once was stopped.
`,
  examples: [['before the first night', 'night --config office.json --check']],
  options: {
    config: { type: 'string' },
    once: { type: 'boolean' },
    check: { type: 'boolean' },
  },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const config = given.required('config');
    const [once, check] = [given.flag('once'), given.flag('check')];
    if (once && check) throw new UsageError('Give --once or --check, not both.');
    const made = withEvidence(await planOf(config, line));
    if (check) return checked(made, line);
    endInTime(line.signal, once ? exitCodes.interrupted : exitCodes.done);
    return once ? makeTonight(made, line) : serve(made, line);
  },
};

/** Adds the evidence page, if the file asks for one. */
function withEvidence({ evidence: files, ...made }: FilePlan): FilePlan {
  if (files === undefined) return made;
  const { file, rehearsal, sbom } = files;
  const evidence: EvidencePlan = {
    async write(night, io) {
      const page = createEvidencePage({
        path: file,
        rehearsal: async () => (rehearsal === undefined ? undefined : readRehearsal(rehearsal)),
        versions: versionsOf(sbom === undefined ? undefined : await digestOf(sbom)),
      });
      await page.write(night, io);
    },
  };
  return { ...made, plan: { ...made.plan, evidence } };
}

async function checked({ plan, schedule }: FilePlan, { signal }: CommandLine): Promise<CommandResult> {
  const check = await checkNight(plan, { schedule, signal });
  return {
    json: { good: check.ok, findings: check.findings },
    text: renderCheck(check).replaceAll(' in the details', ''),
    exitCode: check.ok ? exitCodes.done : exitCodes.failed,
  };
}

async function makeTonight(made: FilePlan, { signal }: CommandLine): Promise<CommandResult> {
  const { night, report, failure } = await runTonight(made, signal);
  if (report === undefined) {
    const text = `Nothing is due: the copies of the night of ${night} are there.`;
    return { json: { night, outcome: 'nothing-due' }, text };
  }
  if (isBackupError(failure)) {
    return {
      json: { ...report, error: { code: failure.code, message: failure.message } },
      text: `${renderReport(report)}\n${failure.message}`,
      exitCode: exitCodeOf(failure),
    };
  }
  const exitCode = report.outcome === 'complete' ? exitCodes.done : exitCodes.failed;
  return { json: { ...report }, text: renderReport(report), exitCode };
}

async function serve({ plan, schedule, logger }: FilePlan, { signal }: CommandLine): Promise<CommandResult> {
  logger.info('The service has started.', { practice: plan.practiceId, version });
  await startNightly(plan, {
    signal,
    schedule,
    onPlanned: (run) =>
      logger.info(run === null ? 'Nothing is due.' : 'The next run is planned.', {
        at: run?.at.toISOString(),
        night: run?.night,
        destinations: run?.destinations.join(),
      }),
  });
  logger.info('The service has stopped.');
  return { json: { stopped: true }, text: 'Stopped.', to: 'stderr' };
}

/** Service managers kill a process that takes longer, and a share may hang; in milliseconds. */
const longestEnd = 4500;

function endInTime(signal: AbortSignal, exitCode: ExitCode): void {
  const end = (): unknown => setTimeout(() => process.exit(exitCode), longestEnd).unref();
  signal.addEventListener('abort', end, { once: true });
}
