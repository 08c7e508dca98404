// The week of nights on every server this machine has, as often as asked, with the power failing somewhere
// else each time:
//   npm run soak:week -- [rounds]
import { serverKinds, whyMissing } from '../../support/servers.js';
import { buildSmallPractice } from '../support/small-practice.js';
import { liveThroughWeek, openPlaces, whyNoWeek } from '../support/week.js';

const rounds = Number(process.argv[2] ?? 1);
const missing = whyNoWeek();
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
// A server that is not ours cannot be switched off.
const kinds = serverKinds.filter((kind) => kind !== 'env' && whyMissing(kind) === undefined);
// On the last night the third and last run is the one that makes the copy.
const nights = ['2026-07-13', '2026-07-16', '2026-07-18'];
for (let round = 1; round <= rounds; round++) {
  for (const [i, kind] of kinds.entries()) {
    const places = await openPlaces(kind);
    try {
      const database = `night_soak_${round}`;
      // Most practices have MyISAM tables; every third has not.
      const engine = (round + i) % 3 === 0 ? 'InnoDB' : 'MyISAM';
      await buildSmallPractice(places.server, database, { engine });
      const cuts = Object.fromEntries(
        nights.map((night, n) => [night, 1 + ((round * 7 + i * 5 + n * 11) % 40)]),
      );
      const started = performance.now();
      const story = await liveThroughWeek(places, database, cuts);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `round ${round}, ${kind} ${places.server.version}, ${engine}: every promise kept (${seconds} s)`,
      );
      console.log(JSON.stringify(story, null, 1));
    } finally {
      await places.stop();
    }
  }
}
