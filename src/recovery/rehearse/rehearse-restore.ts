import { randomBytes } from 'node:crypto';
import type { ArchiveReader } from '../../archive/index.js';
import { assertOptions, assertReader } from '../../arguments.js';
import { audited } from '../../audit.js';
import { dateCondition } from '../../catalog/date-condition.js';
import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';
import { openConnection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { BackupError, during } from '../../errors.js';
import { compareDatabases } from '../compare/compare-databases.js';
import type { Comparison, Difference } from '../compare/comparison.js';
import { named } from '../compare/names.js';
import { type DatabaseFingerprint, takeFingerprint } from '../compare/side.js';
import type { RestoreOptions } from '../restore/options.js';
import { deedOf, runRestore } from '../restore/restore-database.js';
import type { RestoreReport } from '../restore/restore-report.js';
import { examineTarget } from '../restore/target.js';
import { serverOf } from '../restore/target-address.js';
import type { RestoreCertificate } from './certificate.js';
import { isOne, lostNumbers, lostObjects, readExpected, sameStatement, withMissing } from './expected.js';

/** Options of {@link rehearseRestore}. */
export interface RehearseOptions
  extends Pick<
    RestoreOptions,
    'adapt' | 'audit' | 'connections' | 'definers' | 'method' | 'onProgress' | 'signal' | 'tables'
  > {
  /**
   * What the restored database must be equal to: the original database, if nobody has written to it since, or
   * its fingerprint. Without it, the restore is compared with the definitions and counts in the archive.
   */
  readonly against?: DatabaseAddress | DatabaseFingerprint | undefined;
  /** Name of the scratch database, which must not exist. @defaultValue a new name */
  readonly scratchName?: string | undefined;
}

/**
 * Restores into a scratch database, compares it with the original or the archive, drops it, and returns a
 * dated certificate. Events never run in the scratch database. `certificateText` formats the certificate as a
 * page.
 *
 * @param source - an archive opened with `openArchive`
 * @param server - where to rehearse; a database in the address is not used
 * @throws BackupError as `restoreDatabase`; a difference is not an error but is in the certificate
 * @example
 * ```ts
 * const certificate = await rehearseRestore(archive, server, { against: database });
 * console.log(certificateText(certificate));
 * ```
 */
export async function rehearseRestore(
  source: ArchiveReader,
  server: DatabaseAddress,
  options: RehearseOptions = {},
): Promise<RestoreCertificate> {
  assertReader('source', source);
  checkAddress(server, 'server');
  assertOptions(options, { scratchName: 'text?', tables: 'array?' });
  const { against: _, scratchName, ...restoreOptions } = options;
  const database = scratchName ?? `supplemental_rehearsal_${randomBytes(6).toString('hex')}`;
  const scratch = { ...server, database };
  return audited(options, deedOf('rehearse', source.manifest.archiveId, scratch, options), () =>
    during('restore', () => rehearseIn(scratch, source, restoreOptions, options)),
  );
}

async function rehearseIn(
  scratch: DatabaseAddress & { readonly database: string },
  source: ArchiveReader,
  restoreOptions: RestoreOptions,
  options: RehearseOptions,
): Promise<RestoreCertificate> {
  await refuseExisting(scratch);
  try {
    const begun = Date.now();
    // Missing objects do not end a rehearsal: they are in the certificate.
    const restore = await runRestore(source, scratch, {
      ...restoreOptions,
      events: 'disabled',
      resume: false,
    });
    const restored = Date.now();
    const judgement = withMissing(await judge(source, scratch, options), restore);
    return certify(source, restore, judgement, options.against, {
      restoreSeconds: (restored - begun) / 1000,
      comparisonSeconds: (Date.now() - restored) / 1000,
    });
  } finally {
    await dropScratch(scratch);
  }
}

/** A database that exists already was not created here, and must not be dropped here. */
async function refuseExisting(scratch: DatabaseAddress & { readonly database: string }): Promise<void> {
  const connection = await openConnection(serverOf(scratch));
  try {
    if ((await examineTarget(connection, scratch.database)) === 'absent') return;
  } finally {
    await connection.close();
  }
  throw new BackupError(
    'target-refused',
    `Database "${scratch.database}" exists already, and a rehearsal drops its database at the end.`,
    { details: { database: scratch.database } },
  );
}

type Judgement = Pick<Comparison, 'differences' | 'objects'> & {
  readonly server: string;
  readonly hashOf: (table: string) => string | undefined;
  /** Tables with only some rows, if the archive does not say which. */
  readonly uncompared: readonly string[];
};

async function judge(
  source: ArchiveReader,
  scratch: DatabaseAddress & { readonly database: string },
  { against, tables, signal }: RehearseOptions,
): Promise<Judgement> {
  const session = { signal };
  const fingerprint = await takeFingerprint(scratch, session);
  const { definitions, contents } = fingerprint;
  const foldsNames = definitions.lowerCaseTableNames !== 0;
  const hashOf = (table: string): string | undefined => named(contents, table, foldsNames)?.hash;
  const server = `${definitions.vendor === 'mariadb' ? 'MariaDB' : 'MySQL'} ${definitions.version}`;
  if (against !== undefined) {
    const { rowFilters, unknown } = await readRowFilters(source);
    const options = {
      rowFilters,
      ...session,
      tables: (tables ?? source.manifest.tables.map((table) => table.name)).filter(
        (name) => !unknown.has(name),
      ),
      objects: tables === undefined,
    };
    const comparison = await compareDatabases(against, fingerprint, options);
    const expected = await readExpected(source, comparison.differences, against, session);
    const differences = [
      ...comparison.differences.filter((difference) => isOne(difference, expected, definitions)),
      ...(await lostNumbers(source, definitions, tables)),
    ];
    return { server, hashOf, objects: comparison.objects, differences, uncompared: [...unknown] };
  }
  const differences: Difference[] = [];
  const { server: origin } = await source.database(session);
  const sameServer =
    origin.vendor === definitions.vendor &&
    origin.version === definitions.version &&
    origin.lowerCaseTableNames === definitions.lowerCaseTableNames;
  for (const { name, rows } of source.manifest.tables) {
    if (tables !== undefined && !tables.includes(name)) continue;
    const found = named(contents, name, foldsNames);
    if (found === undefined) {
      differences.push({
        kind: 'table',
        name,
        aspect: 'missing-right',
        message: `Table "${name}" is missing.`,
      });
      continue;
    }
    if (found.rows !== rows) {
      const message = `Table "${name}" should have ${rows} rows and has ${found.rows}.`;
      differences.push({ kind: 'table', name, aspect: 'rows', message });
    }
    if (
      sameServer &&
      !sameStatement(
        (await source.table(name, session)).createStatement,
        named(definitions.tables, name, foldsNames)?.statement,
      )
    ) {
      const message = `Table "${name}" has another definition than in the archive.`;
      differences.push({ kind: 'table', name, aspect: 'definition', message });
    }
  }
  differences.push(...(await lostNumbers(source, definitions, tables)));
  if (tables === undefined) differences.push(...(await lostObjects(source, definitions)));
  return { server, hashOf, objects: definitions.objects.size, differences, uncompared: [] };
}

interface RowFilters {
  readonly rowFilters: Readonly<Record<string, string>>;
  readonly unknown: ReadonlySet<string>;
}

/**
 * The conditions are executed on the server of a practice, so they are built here from data: the SQL text in
 * the archive is only for people.
 */
async function readRowFilters(source: ArchiveReader): Promise<RowFilters> {
  const filters = new Map<string, string>();
  const unknown = new Set<string>();
  for (const { name } of source.manifest.tables) {
    const { rowFilter, columns } = await source.table(name);
    if (rowFilter === undefined) continue;
    const column = columns.find((each) => each.name === rowFilter.dates?.column);
    if (rowFilter.dates === undefined || column === undefined) unknown.add(name);
    else filters.set(name, dateCondition(rowFilter.dates, column));
  }
  return { rowFilters: Object.fromEntries(filters), unknown };
}

function certify(
  source: ArchiveReader,
  restore: RestoreReport,
  judgement: Judgement,
  against: RehearseOptions['against'],
  times: Pick<RestoreCertificate, 'comparisonSeconds' | 'restoreSeconds'>,
): RestoreCertificate {
  const { manifest } = source;
  const notTested: string[] = [];
  if (against === undefined) {
    notTested.push(
      'The content of rows was not compared with the original, only its definitions and counts.',
    );
  }
  notTested.push(
    'Events were restored but never run.',
    'Programs of the practice were not started on the restored database.',
  );
  for (const name of judgement.uncompared) {
    notTested.push(
      `Table "${name}" holds only some rows, and the archive does not say which: it was not compared with the original.`,
    );
  }
  for (const { name, reason } of manifest.leftOut) notTested.push(`Not in the archive: ${name} (${reason}).`);
  const tables = restore.tables.map(({ name, rows }) => ({
    name,
    rows,
    hash: judgement.hashOf(name) ?? '',
  }));
  return {
    rehearsedAt: restore.startedAt,
    archiveId: manifest.archiveId,
    database: source.label?.database ?? restore.database,
    snapshotAt: restore.snapshotAt,
    server: judgement.server,
    provenAgainst: against === undefined ? 'archive' : 'contents' in against ? 'fingerprint' : 'source',
    equal: judgement.differences.length === 0,
    tables,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    objects: judgement.objects,
    ...times,
    differences: judgement.differences,
    notTested,
    notes: restore.notes,
  };
}

async function dropScratch(scratch: DatabaseAddress & { readonly database: string }): Promise<void> {
  const connection = await openConnection(serverOf(scratch));
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(scratch.database)}`);
  } finally {
    await connection.close();
  }
}
