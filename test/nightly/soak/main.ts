// The week of nights on every server this machine has, with a real object store for HQ, as often as asked:
//   node dist/test/nightly/soak/main.js [rounds]
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createS3Storage } from '../../../src/storage/s3/index.js';
import { startObjectStore, whyNoObjectStore } from '../../support/s3.js';
import { serverKinds, startServer, whyMissing } from '../../support/servers.js';
import { setUpNight } from '../support/night.js';
import { buildSmallPractice } from '../support/small-practice.js';
import { liveThroughWeek } from '../support/week.js';

const rounds = Number(process.argv[2] ?? 1);
const database = 'night_soak';
const missing = whyNoObjectStore();
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
// A server that is not ours cannot be switched off.
const kinds = serverKinds.filter((kind) => kind !== 'env' && whyMissing(kind) === undefined);
const store = await startObjectStore();
try {
  const { endpoint, region, accessKeyId, secretAccessKey } = store;
  const connection = {
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  };
  const client = new S3Client(connection);
  for (let round = 1; round <= rounds; round++) {
    for (const kind of kinds) {
      const bucket = `week-${round}-${kind.replaceAll('.', '-')}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const server = await startServer(kind);
      const bench = await setUpNight({ ...server.address, database });
      try {
        await buildSmallPractice(server, database);
        const reports = await liveThroughWeek(
          server,
          database,
          bench,
          createS3Storage({ bucket, connection }),
        );
        console.log(`round ${round}, ${kind} ${server.version}: ${reports.length} runs, every promise kept`);
      } finally {
        await bench.remove();
        await server.stop();
      }
    }
  }
  client.destroy();
} finally {
  await store.stop();
}
