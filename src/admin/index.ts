/**
 * Keys of administrators in detail.
 *
 * @module supplemental-backup/admin
 */
export { fingerprintOf } from './fingerprint.js';
export { isSameAdmin } from './resolve-last-admin.js';
export { unlockArchives } from './who-can-open.js';
