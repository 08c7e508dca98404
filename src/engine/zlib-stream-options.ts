import type { TransformOptions } from 'node:stream';
import type { ZlibOptions } from 'node:zlib';

/** zlib streams take the options of every stream; the types of Node.js lack them. */
export type ZlibStreamOptions = Pick<TransformOptions, 'readableHighWaterMark'> & ZlibOptions;
