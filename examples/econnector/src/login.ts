import {
  createDatabaseEnrollments,
  createFileSystemStorage,
  enrollAdmin,
  type Logger,
  type NightPlan,
  openConnection,
  readAdmins,
} from 'supplemental-backup';
import { describeFinding, type ProvenStore, proveOpening } from 'supplemental-backup/admin';

/**
 * What a host does after it has accepted a password: it makes or repairs the key for the nights, and once a
 * week it opens the newest copies with the password, which nobody else can do.
 *
 * @returns sentences for the user
 */
export async function afterLogin(
  plan: NightPlan,
  userNum: string,
  password: string,
  logger: Logger,
): Promise<readonly string[]> {
  const connection = await openConnection(plan.database);
  const admins = await readAdmins(connection).finally(() => connection.close());
  const admin = admins.find((each) => each.userNum === userNum);
  if (admin === undefined) return [];
  const store = createDatabaseEnrollments(plan.database);
  const { warnings } = await enrollAdmin(admin, password, { store });
  const { practiceId } = plan;
  const proof = await proveOpening(admin, password, { store, stores: await storesOf(plan), practiceId });
  // A desktop would show the findings now, and not wait for the sample.
  const { opening } = await proof.finished;
  logger.info('An administrator opened the newest copies.', {
    places: proof.places.map(({ place, outcome }) => `${place}: ${outcome}`).join(', '),
  });
  return [
    ...warnings.map(({ message }) => message),
    ...opening.findings.map((finding) => describeFinding(finding, admin.userName)),
  ];
}

async function storesOf({ hq, settings }: NightPlan): Promise<readonly ProvenStore[]> {
  const { networkPath = '' } = (await settings?.read()) ?? {};
  return [
    ...(hq === undefined ? [] : [{ place: 'hq', storage: hq.storage }]),
    ...(networkPath === ''
      ? []
      : [{ place: 'local', storage: createFileSystemStorage({ path: networkPath }) }]),
  ];
}
