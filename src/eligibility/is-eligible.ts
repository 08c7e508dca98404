import { assertArgument } from '../arguments.js';
import { objectOf, type Shape, text } from '../shapes.js';
/**
 * Who may back up where: a pure decision over facts that the host provides.
 *
 * A fact that is missing or of the wrong type counts against the practice, so that a gap in the host's
 * knowledge never sends a record abroad.
 */

/** Where a copy goes: the vendor's store, or a path on the practice's own network. */
export type Destination = 'hq' | 'local';

/** What is known about a practice. */
export interface Practice {
  /** The practice pays for support. */
  readonly onSupport: boolean;
  /** The eConnector service is installed, which makes the copies. */
  readonly hasEConnector: boolean;
  /** The database is hosted in the vendor's cloud, which has backups of its own. */
  readonly cloudDatabase: boolean;
  /** As the practice and HQ have set it. HQ's word is final. */
  readonly status: 'disabled' | 'disabled-by-hq' | 'enabled';
  /**
   * ISO 3166-1 alpha-2 code of the country the practice is registered in, such as `US`; `us` and `USA` count
   * as well. Any other word is an unknown country.
   */
  readonly country: string;
  /**
   * Whether HQ holds a business-associate agreement with the practice.
   *
   * @defaultValue absent: the host does not ask for one
   */
  readonly businessAssociateAgreement?: 'missing' | 'on-record' | undefined;
  /** Where the local copy goes. Empty and absent alike mean that none is set. */
  readonly networkPath?: string | undefined;
}

/** Why a practice may not back up to a destination. */
export type IneligibilityCode =
  | 'cloud-database'
  | 'country-unknown'
  | 'disabled'
  | 'disabled-by-hq'
  | 'no-business-associate-agreement'
  | 'no-econnector'
  | 'no-network-path'
  | 'not-in-us'
  | 'not-on-support';

/** One reason why a practice may not back up to a destination. */
export interface IneligibilityReason {
  /** For programs. */
  readonly code: IneligibilityCode;
  /** For people: what it is, and what would have to change. */
  readonly sentence: string;
}

/** The answer for one destination. */
export type Eligibility =
  | { readonly eligible: true; readonly reasons: readonly [] }
  | { readonly eligible: false; readonly reasons: readonly [IneligibilityReason, ...IneligibilityReason[]] };

/** The answer for every destination. */
export type EligibilityExplanation = Readonly<Record<Destination, Eligibility>>;

const sentences: Readonly<Record<IneligibilityCode, string>> = {
  'cloud-database':
    'The database is hosted in the cloud, where it is backed up already; supplemental backups are for databases in the office.',
  'country-unknown':
    'The country of the practice is not known. Set it to a code of two letters, such as US or CA. Until then no copy goes to headquarters; the local copy is open to every country.',
  disabled:
    'Supplemental backups are switched off; an administrator can switch them on in the backup window.',
  'disabled-by-hq': 'Headquarters has switched supplemental backups off for this practice; call support.',
  'no-business-associate-agreement':
    'No business-associate agreement is on record, so no copy may leave the office; sign one with headquarters.',
  'no-econnector': 'The eConnector service is not installed; it makes the copies, so install it first.',
  'no-network-path': 'No network path is set for the local copy; choose one in the backup window.',
  'not-in-us':
    'The practice is not registered in the United States, and copies at headquarters are for practices there only; the local copy is open to every country.',
  'not-on-support': 'The practice is not on support; supplemental backups are part of support.',
};

/** Whether something read is such a reason. */
export const isIneligibilityReason: Shape<IneligibilityReason> = objectOf<IneligibilityReason>({
  code: (value): value is IneligibilityCode => typeof value === 'string' && Object.hasOwn(sentences, value),
  sentence: text,
});

type Rule = readonly [IneligibilityCode, (practice: Practice) => boolean];

const sharedRules: readonly Rule[] = [
  ['not-on-support', (practice) => practice.onSupport === true],
  ['no-econnector', (practice) => practice.hasEConnector === true],
  ['cloud-database', (practice) => practice.cloudDatabase === false],
  ['disabled-by-hq', (practice) => practice.status !== 'disabled-by-hq'],
  ['disabled', (practice) => practice.status === 'enabled' || practice.status === 'disabled-by-hq'],
];

const rulesOf: Readonly<Record<Destination, readonly Rule[]>> = {
  hq: [
    ...sharedRules,
    ['country-unknown', ({ country }) => countryCode(country) !== undefined],
    ['not-in-us', ({ country }) => [undefined, 'US'].includes(countryCode(country))],
    [
      'no-business-associate-agreement',
      ({ businessAssociateAgreement }) =>
        businessAssociateAgreement === undefined || businessAssociateAgreement === 'on-record',
    ],
  ],
  local: [
    ...sharedRules,
    ['no-network-path', ({ networkPath }) => typeof networkPath === 'string' && networkPath.trim() !== ''],
  ],
};

/**
 * Whether a practice may back up to a destination.
 *
 * Both destinations need support, the eConnector, a database in the office, and the feature switched on and
 * not switched off by HQ. HQ also needs a practice in the US and, where the host asks for it, a
 * business-associate agreement. The local copy also needs a path, and is open to every country.
 *
 * @throws RangeError when `destination` is neither
 * @example
 * ```ts
 * if (isEligible(practice, 'hq')) destinations.push(hq);
 * ```
 */
export function isEligible(practice: Practice, destination: Destination): boolean {
  return explain(practice, destination).eligible;
}

/**
 * All reasons against each destination, in the order in which a person would settle them.
 *
 * @example
 * ```ts
 * const { hq } = explainEligibility(practice);
 * for (const { sentence } of hq.reasons) console.log(sentence);
 * ```
 */
export function explainEligibility(practice: Practice): EligibilityExplanation {
  return { hq: explain(practice, 'hq'), local: explain(practice, 'local') };
}

// `us` and `USA` are what people and other systems write for the only country that matters here. Other
// spellings, such as `U.S.A.`, are not guessed: undefined.
function countryCode(country: unknown): string | undefined {
  if (typeof country !== 'string') return undefined;
  const code = country.trim().toUpperCase();
  if (code === 'US' || code === 'USA') return 'US';
  if (!/^[A-Z]{2}$/.test(code) || code === 'ZZ') return undefined;
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  return names.of(code) === undefined ? undefined : code;
}

function explain(practice: Practice, destination: Destination): Eligibility {
  assertArgument('practice', practice, 'object');
  if (!Object.hasOwn(rulesOf, destination)) throw new RangeError('"destination" must be "hq" or "local"');
  const [first, ...others] = rulesOf[destination]
    .filter(([, holds]) => !holds(practice))
    .map(([code]): IneligibilityReason => ({ code, sentence: sentences[code] }));
  return first === undefined
    ? { eligible: true, reasons: [] }
    : { eligible: false, reasons: [first, ...others] };
}
