import type { TransformOptions } from 'node:stream';
import type { ZlibOptions } from 'node:zlib';

/** The streams of zlib take the options of every stream; their types do not say so. */
export type ZlibStreamOptions = Pick<TransformOptions, 'readableHighWaterMark'> & ZlibOptions;
