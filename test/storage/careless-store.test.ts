import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { createS3Storage, type S3StorageOptions } from '../../src/storage/s3/index.js';

// A store as there are some: it takes whatever comes and looks at no precondition. Or it says that it knows
// none.
let refusesPreconditions = false;
let objectSize = 0;
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { searchParams, pathname } = new URL(request.url ?? '/', 'http://localhost');
  const etag = `"${createHash('md5').update(Buffer.concat(chunks)).digest('hex')}"`;
  if (request.method === 'POST' && searchParams.has('uploads')) {
    response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
  } else if (request.method === 'POST') {
    objectSize = 5;
    response.end('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
  } else if (refusesPreconditions && request.headers['if-none-match'] !== undefined) {
    response.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>');
  } else if (request.method === 'HEAD' && objectSize > 0 && pathname.endsWith('/a')) {
    response
      .writeHead(200, { 'content-length': objectSize, 'last-modified': new Date().toUTCString() })
      .end();
  } else if (request.method === 'PUT') response.writeHead(200, { etag }).end();
  else response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
});
describe('a store that takes no care', () => {
  let endpoint: string;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  function open(options: Partial<S3StorageOptions> = {}) {
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
    return createS3Storage({
      bucket: 'careless',
      connection: { endpoint, region: 'us-east-1', forcePathStyle: true, credentials },
      partRetry: { minTimeout: 0, maxTimeout: 0 },
      ...options,
    });
  }
  const hello = replayableBytes(Buffer.from('hello'));

  test('a store that heeds no precondition is found out, before anything is visible', async () => {
    for (const refuses of [false, true]) {
      refusesPreconditions = refuses;
      await assert.rejects(open().put('a', hello, { ifAbsent: true }), (error) =>
        isBackupError(error, 'storage-permanent'),
      );
      assert.equal(await open().stat('a'), null);
    }
  });

  test('where it is told so, the adapter looks before it stores, and promises no more', async () => {
    const storage = open({ conditionalWrites: false });
    assert.equal(storage.capabilities.atomicIfAbsent, false);
    assert.equal((await storage.put('a', hello, { ifAbsent: true })).size, 5);
    await assert.rejects(storage.put('a', hello, { ifAbsent: true }), (error) =>
      isBackupError(error, 'storage-exists'),
    );
  });
});
