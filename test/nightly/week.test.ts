import { afterEach, before, it } from 'node:test';
import { describeOnEachServer, whyMissing } from '../support/servers.js';
import { type NightBench, setUpNight } from './support/night.js';
import { buildSmallPractice } from './support/small-practice.js';
import { liveThroughWeek } from './support/week.js';

describeOnEachServer(
  'a week of nights',
  (server) => {
    const database = 'night_week';
    let bench: NightBench;
    before(() => buildSmallPractice(server(), database));
    afterEach(() => bench.remove());

    it('with power cuts, a dead uplink, a full store, a new administrator and an upgrade keeps every promise', async () => {
      bench = await setUpNight({ ...server().address, database });
      await liveThroughWeek(server(), database, bench, bench.hq);
    });
  },
  { kinds: [whyMissing('mysql-5.6') === undefined ? 'mysql-5.6' : 'mariadb'] },
);
