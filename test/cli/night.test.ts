import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { isBackupError } from '../../src/errors.js';
import { nightFile } from '../../src/nightly/file/night-file.js';
import { planOf } from '../../src/nightly/file/plan-of.js';
import { zoneInTheEvening } from '../nightly/support/evening.js';
import { buildSmallPractice } from '../nightly/support/small-practice.js';
import { noModes, noSignals } from '../support/needs.js';
import { projectRoot } from '../support/project.js';
import { anyKind, describeOnEachServer } from '../support/servers.js';
import { runCli } from './support.js';

const page = await readFile(join(projectRoot, 'docs/SERVICE.md'), 'utf8');
/** The block of a kind on a page. */
const blockOf = (kind: string, on: string = page): string =>
  new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(on)?.[1] ?? '';
const hidden = 'molar-and-secret-91';
const program = join(projectRoot, 'dist/src/cli/main.js');

const local = {
  practiceId: '4711',
  timeZone: zoneInTheEvening(),
  practice: { onSupport: true, country: 'US' },
  database: { url: 'mysql://backup@127.0.0.1:3306/opendental', password: { env: 'DATABASE_PASSWORD' } },
  folder: 'state',
  local: { path: 'share' },
};

/** A command line whose words go nowhere but into memory. */
const inMemory = (env: Readonly<Record<string, string>>) => ({
  stdin: Readable.from([]),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env,
  signal: new AbortController().signal,
  json: false,
});

describe('the file of a night', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-night-file-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const line = () => inMemory({ DATABASE_PASSWORD: hidden });
  const planOfText = async (text: string) => {
    const path = join(folder, 'night.json');
    await writeFile(path, text);
    return planOf(path, line());
  };
  const planOfFile = (file: object) => planOfText(JSON.stringify(file));

  it('makes the plan that a host would make', async () => {
    const { plan, schedule } = await planOfFile({
      ...local,
      schedule: { opens: '23:00', closes: '03:00', localEveryNights: 1 },
      alerts: { thresholds: 'strict' },
      keys: { policy: 'enrolled-only' },
      reading: { connections: 1 },
    });
    assert.deepEqual(schedule, { opens: '23:00', closes: '03:00', localEveryNights: 1 });
    assert.equal(plan.spool, join(folder, 'state', 'spool'));
    assert.deepEqual(plan.practice, {
      ...local.practice,
      hasEConnector: true,
      cloudDatabase: false,
      status: 'enabled',
      networkPath: join(folder, 'share'),
    });
    assert.equal(plan.keys?.policy, 'enrolled-only');
    assert.equal(plan.connections, 1);
    assert.equal(plan.alertThresholds, 'strict');
    const { password } = plan.database;
    assert.equal(typeof password === 'function' ? await password() : password, hidden);
  });

  it('is taken with the mark that editors of Windows put in front', async () => {
    assert.equal((await planOfText(`\uFEFF${JSON.stringify(local)}`)).plan.practiceId, '4711');
  });

  it('is refused with a sentence that names the file and the member, and never a value', async () => {
    const handOver = { kind: 'hand-over', url: 'https://hq.example/', token: { env: 'DATABASE_PASSWORD' } };
    const cases: readonly (readonly [change: object, told: RegExp])[] = [
      [{ practiceID: hidden }, /"practiceID" is not known\. Did you mean "practiceId"\?/],
      [{ schedule: { opnes: hidden } }, /"schedule\.opnes" is not known\. Did you mean "opens"\?/],
      [{ schedule: { zzzzzzzz: 1 } }, /"schedule\.zzzzzzzz" is not known\. There are: opens, closes/],
      [{ practiceId: undefined }, /"practiceId" is missing\./],
      [{ practice: { onSupport: true } }, /"practice\.country" is missing\./],
      [{ practice: { onSupport: hidden, country: 'US' } }, /"practice\.onSupport" must be true or false\./],
      [{ practiceId: `${hidden}/..` }, /"practiceId" must be 1 to 64 letters/],
      [{ practiceId: 'con' }, /"plan\.practiceId" must be a name that a folder of Windows can have/],
      [{ schedule: { opens: hidden } }, /"schedule\.opens" must be a time of day such as 22:00\./],
      [{ schedule: { opens: '04:00', closes: '03:00' } }, /The backup window closes before it opens/],
      [{ alerts: { thresholds: 'strict' } }, /"schedule\.localEveryNights" must be 1/],
      [{ timeZone: 'America/Chicken' }, /"timeZone" is not a known time zone/],
      [
        { database: { url: local.database.url, password: hidden } },
        /"database\.password" is a secret, and this file/,
      ],
      [{ database: { url: `mysql://backup:${hidden}@127.0.0.1/o` } }, /"database\.url" holds a password/],
      [{ database: { url: 'mysql://backup@127.0.0.1' } }, /"database\.url" names no database\./],
      [
        { database: { url: 'mysql://b@h/o?ssl-mode=SOME' } },
        /"database\.url" has an ssl-mode that is none of/,
      ],
      [
        { database: { ...local.database, password: { env: 'NOT_SET' } } },
        /"database\.password" must be in the variable NOT_SET, which is not set\./,
      ],
      [
        { database: { ...local.database, password: { env: 'A', file: 'b' } } },
        /"database\.password" must be \{"env": "NAME"\} or \{"file": "\/path"\}\./,
      ],
      [{ database: { ...local.database, password: { file: 'none' } } }, /which cannot be read \(ENOENT\)\./],
      [{ local: undefined }, /"hq" or "local" must say where copies go\./],
      [{ local: {} }, /"local\.path" is missing\./],
      [{ settings: 'database' }, /"local\.path" has no effect where "settings" is "database"/],
      [{ local: { path: 'share', retention: 'P1Y' } }, /"local\.retention" must be "keep-all"\./],
      [
        { local: { path: 'share', retention: { daily: '14' } } },
        /"local\.retention\.daily" must be an ISO 8601/,
      ],
      [{ hq: { kind: 'ftp' } }, /"hq\.kind" must be "hand-over" or "s3"\./],
      [{ hq: { ...handOver, token: hidden } }, /"hq\.token" is a secret, and this file must hold none/],
      [{ hq: { ...handOver, url: 'http://hq.example/' } }, /https/],
      [
        { alerts: { healthcheck: { env: 'DATABASE_PASSWORD' } } },
        /"alerts\.healthcheck" must name the place of a URL\./,
      ],
      [{ keys: { furtherRecipients: [hidden] } }, /"keys\.furtherRecipients" must be a list of public keys/],
    ];
    for (const [change, told] of cases) {
      await assert.rejects(planOfFile({ ...local, ...change }), (error) => {
        assert.ok(isBackupError(error, 'settings-invalid'), String(error));
        assert.match(error.message, told);
        assert.match(error.message, /^The file .*night\.json cannot be used\. /);
        assert.equal(error.details['file'], join(folder, 'night.json'));
        assert.ok(!`${error.message}${error.stack}`.includes(hidden), error.message);
        return true;
      });
    }
  });

  it('that is no JSON is refused by its line, and not quoted', async () => {
    await assert.rejects(planOfText(`{\n  "practiceId": "${hidden}",\n}`), (error) => {
      assert.ok(isBackupError(error, 'settings-invalid'));
      assert.match(error.message, /It is not JSON: see line 3\./);
      assert.ok(!error.message.includes(hidden));
      return true;
    });
    await assert.rejects(planOf(join(folder, 'none.json'), line()), /It cannot be read \(ENOENT\)\./);
    await assert.rejects(
      planOf(folder, line()),
      /cannot be used\. It (is not a file|cannot be read \(EISDIR\))/,
    );
  });

  it('names a file of a secret, which only its owner and his group may read, and which may change', {
    skip: noModes,
  }, async () => {
    const secret = join(folder, 'password');
    await writeFile(secret, `${hidden}\n`, { mode: 0o600 });
    const file = { ...local, database: { url: local.database.url, password: { file: 'password' } } };
    const { password } = (await planOfFile(file)).plan.database;
    assert.ok(typeof password === 'function');
    assert.equal(await password(), hidden);
    await writeFile(secret, 'another');
    assert.equal(await password(), 'another');
    for (const mode of [0o604, 0o620, 0o602]) {
      await chmod(secret, mode);
      await assert.rejects(planOfFile(file), /which others may read or change; restrict it/);
    }
    await chmod(secret, 0o440);
    await planOfFile(file);
  });

  it('is told to editors by a schema that takes what the program takes', async () => {
    const ajv = new Ajv2020({ strict: false });
    const schema = await readFile(join(projectRoot, 'docs/night.schema.json'), 'utf8');
    const validate = ajv.compile(JSON.parse(schema) as object);
    const example = JSON.parse(blockOf('json')) as typeof local;
    for (const file of [local, example, { ...example, $schema: 'night.schema.json' }]) {
      assert.ok(validate(file), ajv.errorsText(validate.errors));
    }
    for (const change of [
      { practiceID: '1' },
      { practiceId: undefined },
      { practiceId: 'a/b' },
      { database: { ...local.database, password: hidden } },
      { database: { ...local.database, password: { env: 'A', file: 'b' } } },
      { hq: { kind: 'ftp' } },
      { schedule: { opens: '25:00' } },
      { schedule: { attemptsPerNight: 0 } },
      { local: { path: 'share', retention: { daily: '14' } } },
    ]) {
      const file = JSON.parse(JSON.stringify({ ...local, ...change })) as object;
      assert.equal(validate(file), false, JSON.stringify(change));
      assert.notEqual(nightFile.wrongIn(file, ''), undefined, JSON.stringify(change));
    }
  });

  it('stands on the page of the service as an example that works', async () => {
    const example = blockOf('json')
      .replace(/\{ "file": "\/etc[^}]*ping-url" \}/, '{ "env": "PING" }')
      .replaceAll(/\{ "file": "\/etc[^}]*\}/g, '{ "env": "DATABASE_PASSWORD" }');
    const path = join(folder, 'example.json');
    await writeFile(path, example);
    const env = { DATABASE_PASSWORD: hidden, PING: 'https://hc.example/ping/1' };
    const { plan, schedule } = await planOf(path, inMemory(env));
    assert.equal(plan.hq?.storage.description, 'hand-over at backups.example.com');
    assert.equal(schedule.opens, '22:00');
  });
});

const kind = anyKind('mysql-5.6');

describeOnEachServer(
  'nights from a file',
  (server) => {
    let folder: string;
    let config: string;
    const env = { DATABASE_PASSWORD: '', PATH: '' };
    const night = async (...more: readonly string[]) => {
      const line = inMemory(env);
      const code = await runCommandLine(['night', '--config', config, ...more], line);
      const [stdout, stderr] = [line.stdout, line.stderr].map((stream) => String(stream.read() ?? ''));
      return { code, stdout: stdout!, stderr: stderr! };
    };
    const write = (change: object) =>
      writeFile(config, JSON.stringify({ ...local, spoolReserveBytes: 0, ...change }));
    const copies = async (): Promise<readonly string[]> =>
      (await readdir(join(folder, 'share'), { recursive: true })).filter((name) => name.endsWith('.age'));
    let database: object;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sb-night-cli-'));
      await mkdir(join(folder, 'share'));
      config = join(folder, 'night.json');
      await buildSmallPractice(server(), 'nights');
      const { user, port, host, socketPath, password = '' } = server().address;
      const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
      env.DATABASE_PASSWORD = password === '' ? 'none is needed' : password;
      database = {
        url: `mysql://${user}@${host ?? '127.0.0.1'}:${port ?? 3306}/nights${socket}`,
        ...(password === '' ? {} : { password: { env: 'DATABASE_PASSWORD' } }),
      };
      // What a crontab finds: the program by its name.
      const bin = join(folder, 'bin');
      await mkdir(bin);
      await writeFile(
        join(bin, 'supplemental-backup'),
        `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`,
        { mode: 0o755 },
      );
      env.PATH = [bin, process.env['PATH'] ?? ''].join(delimiter);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('a check finds what is good and what is wrong, and makes nothing', async () => {
      await write({ database });
      const good = await night('--check');
      assert.equal(good.code, 0, good.stdout + good.stderr);
      assert.match(good.stdout, /^good +server: /m);
      await write({ database, local: { path: 'nowhere' } });
      const wrong = await night('--check', '--json');
      assert.equal(wrong.code, 1);
      const { findings } = JSON.parse(wrong.stdout) as { findings: { subject: string; verdict: string }[] };
      assert.deepEqual(
        findings.filter(({ verdict }) => verdict === 'wrong').map(({ subject }) => subject),
        ['network-path'],
      );
      assert.deepEqual(await copies(), []);
    });

    it('a line of cron makes what is due and shows it on a page, and once more makes no second copy', {
      skip: sep === '/' ? false : 'needs the shell and the paths of Unix',
    }, async () => {
      const rehearsal = join(folder, 'none-yet.json');
      await write({ database, evidence: { file: 'evidence.html', rehearsal } });
      const command = blockOf('crontab')
        .replace(/^(\S+ ){5}/, '')
        .replace('/etc/supplemental-backup/night.json', config)
        .replace('/var/lib/supplemental-backup', folder);
      assert.ok(!command.includes('%'), 'a crontab ends a command at its first %');
      const log = join(folder, 'night.log');
      const first = spawnSync('/bin/sh', ['-c', command], { env: { ...process.env, ...env } });
      assert.equal(first.status, 0, await readFile(log, 'utf8'));
      assert.equal((await copies()).length, 1);
      assert.match(
        await readFile(log, 'utf8'),
        /^Local network path .*: stored, read back and found whole\.$/m,
      );
      const shown = await readFile(join(folder, 'evidence.html'), 'utf8');
      assert.match(shown, /<h1>Backup evidence of practice 4711<\/h1>/);
      assert.match(shown, /1 copy|Office network path/);
      const second = await night('--once', '--json');
      assert.equal(second.code, 0, second.stderr);
      assert.equal((JSON.parse(second.stdout) as { outcome: string }).outcome, 'nothing-due');
      assert.equal((await copies()).length, 1);
    });

    it('a night without a copy ends with a code, the report and an alert in the log', async () => {
      await write({ database, folder: 'other', local: { path: 'nowhere' } });
      const failed = await night('--once', '--json');
      assert.equal(failed.code, 1, failed.stdout + failed.stderr);
      const { ok, outcome, error } = JSON.parse(failed.stdout) as {
        ok: boolean;
        outcome: string;
        error: { code: string };
      };
      assert.deepEqual([ok, outcome, error.code], [false, 'failed', 'destination-missing']);
      assert.match(failed.stderr, / ERROR .*alert="local-copy-failed"/);
      await write({ database, folder: 'third', practice: { onSupport: false, country: 'US' } });
      assert.equal((await night('--once')).code, 5);
      await write({ database, schedule: { opens: '1' } });
      const unusable = await night();
      assert.equal(unusable.code, 2);
      assert.match(unusable.stderr, /"schedule\.opens" must be a time of day/);
      assert.equal((await night('--once', '--check')).code, 2);
    });

    it('a service plans the next night, and ends when it is told to', { skip: noSignals }, async () => {
      await write({ database, folder: 'fourth', schedule: { hqTime: hourFrom(12) } });
      const ended = await runCli(['night', '--config', config], { env, until: /The next run is planned\./ });
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stderr, / INFO The service has started\. practice="4711"/);
      assert.match(ended.stderr, /The next run is planned\. at="[^"]+" night="[^"]+" destinations="local"/);
      assert.match(ended.stderr, / INFO The service has stopped\./);
    });

    it('a night that hangs over a silent store ends all the same', { skip: noSignals }, async () => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
      const hq = { kind: 'hand-over', url, token: { env: 'DATABASE_PASSWORD' }, allowLoopbackHttp: true };
      await write({ database, folder: 'fifth', hq, local: undefined });
      const ended = await runCli(['night', '--config', config, '--once'], {
        env,
        until: /An archive is sealed/,
      });
      assert.equal(ended.code, 130, ended.stderr);
      silent.close();
    });
  },
  { kinds: [kind] },
);

/** A wall time so many hours from now. */
function hourFrom(hours: number): string {
  const at = new Date(Date.now() + hours * 3_600_000);
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: local.timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

describe('the units of systemd on the pages', () => {
  const missing = spawnSync('systemd-analyze', ['--version']).status !== 0;
  it('are such that systemd takes', { skip: missing ? 'systemd-analyze is missing' : false }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sb-unit-'));
    try {
      const commands = await readFile(join(projectRoot, 'docs/COMMANDS.md'), 'utf8');
      const [, oneShot = '', timer = ''] = blockOf('ini', commands).split(/^# \/etc\/systemd\/system\/.*$/m);
      assert.match(timer, /OnCalendar/);
      const units = {
        'supplemental-backup.service': blockOf('ini'),
        'every-night.service': oneShot,
        'every-night.timer': timer,
      };
      const paths = Object.keys(units).map((name) => join(folder, name));
      for (const [name, unit] of Object.entries(units)) {
        // The program and the user of the unit are not on this machine.
        const here = unit
          .replace(/^ExecStart=\S*supplemental-backup /m, `ExecStart=${process.execPath} `)
          .replace(/^User=.*$/m, '');
        await writeFile(join(folder, name), here);
      }
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
        encoding: 'utf8',
      });
      const told = stderr.split('\n').filter((each) => /supplemental-backup|every-night/.test(each));
      assert.deepEqual(told, []);
      assert.equal(status, 0, stderr);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
