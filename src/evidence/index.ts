/**
 * Pages for people who have to show that there are backups: of one practice, and of many.
 *
 * @module supplemental-backup/evidence
 */
export { createEvidencePage, type EvidencePageOptions } from './create-evidence-page.js';
export type { EvidenceFacts, EvidenceRehearsal, EvidenceStore, EvidenceVersions } from './facts.js';
export { type KeptEvidence, readEvidence } from './read-evidence.js';
export { renderEvidence } from './render-evidence.js';
export { type FleetFacts, type FleetPractice, renderFleet } from './render-fleet.js';
