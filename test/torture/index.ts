export { buildTorture, tortureDefinitions } from './build.js';
export type { TortureCase, TortureKind } from './model.js';
