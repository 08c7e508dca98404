import { after, before, describe, it } from 'node:test';
import { whyMissing } from '../support/servers.js';
import { buildSmallPractice } from './support/small-practice.js';
import { liveThroughWeek, openPlaces, type WeekPlaces, whyNoWeek } from './support/week.js';

const kind = whyMissing('mysql-5.6') === undefined ? 'mysql-5.6' : 'mariadb';
const missing = whyNoWeek() ?? whyMissing(kind);

describe(`a week of nights [${kind}, s3, share]`, { skip: missing ?? false }, () => {
  const database = 'night_week';
  let places: WeekPlaces;
  before(async () => {
    places = await openPlaces(kind);
    await buildSmallPractice(places.server, database);
  });
  after(() => places.stop());

  it('with power cuts, a dead uplink, full disks, a new administrator and an upgrade keeps every promise', async () => {
    await liveThroughWeek(places, database, { '2026-07-13': 9, '2026-07-16': 14 });
  });
});
