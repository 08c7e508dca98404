import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Destination,
  explainEligibility,
  type IneligibilityCode,
  isEligible,
  type Practice,
} from '../../src/eligibility/is-eligible.js';
import { fc } from '../support/properties.js';

const model: Practice = {
  onSupport: true,
  hasEConnector: true,
  cloudDatabase: false,
  status: 'enabled',
  country: 'US',
  networkPath: '\\\\server\\backup',
};

const countries = fc.oneof(fc.constantFrom('US', 'CA', 'us', 'USA', '', ' US', 'GB', 'PR'), fc.string());

const practices: fc.Arbitrary<Practice> = fc.record(
  {
    onSupport: fc.boolean(),
    hasEConnector: fc.boolean(),
    cloudDatabase: fc.boolean(),
    status: fc.constantFrom('disabled', 'disabled-by-hq', 'enabled'),
    country: countries,
    businessAssociateAgreement: fc.constantFrom('missing', 'on-record'),
    networkPath: fc.oneof(fc.constantFrom('', '  ', '/backup'), fc.string()),
  },
  { requiredKeys: ['onSupport', 'hasEConnector', 'cloudDatabase', 'status', 'country'] },
);

// What a host might hand over from a settings file without types.
const untyped = fc.record({
  onSupport: fc.anything(),
  hasEConnector: fc.anything(),
  cloudDatabase: fc.anything(),
  status: fc.anything(),
  country: fc.oneof(countries, fc.anything()),
  businessAssociateAgreement: fc.anything(),
  networkPath: fc.anything(),
}) as fc.Arbitrary<Practice>;

function codes(practice: Practice, destination: Destination): IneligibilityCode[] {
  return explainEligibility(practice)[destination].reasons.map(({ code }) => code);
}

describe('who may back up where', () => {
  it('a practice that meets every rule may do both', () => {
    assert.equal(isEligible(model, 'hq'), true);
    assert.equal(isEligible(model, 'local'), true);
    assert.deepEqual(explainEligibility(model), {
      hq: { eligible: true, reasons: [] },
      local: { eligible: true, reasons: [] },
    });
  });

  const cases: [string, Partial<Practice>, IneligibilityCode[], IneligibilityCode[]][] = [
    ['off support', { onSupport: false }, ['not-on-support'], ['not-on-support']],
    ['without the eConnector', { hasEConnector: false }, ['no-econnector'], ['no-econnector']],
    ['in the cloud', { cloudDatabase: true }, ['cloud-database'], ['cloud-database']],
    ['switched off', { status: 'disabled' }, ['disabled'], ['disabled']],
    ['switched off by HQ', { status: 'disabled-by-hq' }, ['disabled-by-hq'], ['disabled-by-hq']],
    ['in Canada', { country: 'CA' }, ['not-in-us'], []],
    ['in small letters', { country: ' us' }, [], []],
    ['in three letters', { country: 'USA' }, [], []],
    ['in a country written out', { country: 'Etats-Unis' }, ['country-unknown'], []],
    ['in a country with full stops', { country: 'U.S.A.' }, ['country-unknown'], []],
    ['in a country that is none', { country: 'XX' }, ['country-unknown'], []],
    ['in no country', { country: '' }, ['country-unknown'], []],
    ['without a path', { networkPath: '' }, [], ['no-network-path']],
    ['with a blank path', { networkPath: ' \t' }, [], ['no-network-path']],
    ['agreement missing', { businessAssociateAgreement: 'missing' }, ['no-business-associate-agreement'], []],
    ['agreement on record', { businessAssociateAgreement: 'on-record' }, [], []],
    [
      'several at once, in the order a person would mend them',
      { onSupport: false, cloudDatabase: true, status: 'disabled', country: 'NZ', networkPath: '' },
      ['not-on-support', 'cloud-database', 'disabled', 'not-in-us'],
      ['not-on-support', 'cloud-database', 'disabled', 'no-network-path'],
    ],
  ];
  for (const [name, change, hq, local] of cases) {
    it(name, () => {
      assert.deepEqual(codes({ ...model, ...change }, 'hq'), hq);
      assert.deepEqual(codes({ ...model, ...change }, 'local'), local);
    });
  }

  it('an absent path is no path', () => {
    const { networkPath: _, ...pathless } = model;
    assert.deepEqual(codes(pathless, 'local'), ['no-network-path']);
  });

  it('no input makes a practice abroad or in the cloud eligible for HQ', () => {
    fc.assert(
      fc.property(fc.oneof(practices, untyped), (practice) => {
        const isUs = typeof practice.country === 'string' && /^\s*usa?\s*$/i.test(practice.country);
        if (!isUs || practice.cloudDatabase !== false) {
          assert.equal(isEligible(practice, 'hq'), false);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a fact that is missing or of the wrong type counts against the practice', () => {
    for (const key of ['onSupport', 'hasEConnector', 'cloudDatabase', 'status', 'country'] as const) {
      for (const value of [undefined, null, 'true', 'false', 1, 0]) {
        assert.equal(isEligible({ ...model, [key]: value } as Practice, 'hq'), false, `${key}=${value}`);
      }
    }
    assert.equal(isEligible({ ...model, businessAssociateAgreement: null } as never, 'hq'), false);
    assert.deepEqual(codes({ ...model, status: 'on' } as never, 'hq'), ['disabled']);
  });

  it('the country matters to HQ alone, the path to the local copy alone', () => {
    fc.assert(
      fc.property(practices, countries, fc.string(), (practice, country, networkPath) => {
        assert.equal(isEligible({ ...practice, country }, 'local'), isEligible(practice, 'local'));
        assert.equal(isEligible({ ...practice, networkPath }, 'hq'), isEligible(practice, 'hq'));
      }),
    );
  });

  it('the short answer and the explanation agree, and no reason comes twice', () => {
    fc.assert(
      fc.property(practices, fc.constantFrom<Destination>('hq', 'local'), (practice, destination) => {
        const { eligible, reasons } = explainEligibility(practice)[destination];
        assert.equal(isEligible(practice, destination), eligible);
        assert.equal(eligible, reasons.length === 0);
        assert.equal(new Set(reasons.map(({ code }) => code)).size, reasons.length);
        for (const { sentence } of reasons) assert.match(sentence, /^[A-Z].+\.$/);
      }),
    );
  });

  it('a destination that does not exist is a mistake of the caller', () => {
    assert.throws(() => isEligible(model, 'cloud' as Destination), RangeError);
    assert.throws(() => isEligible(model, 'toString' as Destination), RangeError);
  });
});
