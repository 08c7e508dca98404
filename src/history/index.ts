/**
 * Signed notes of what was stored: who made an archive, which are missing, and whether a night lost rows.
 *
 * @module supplemental-backup/history
 */
export { breaksHistory, describeHistoryFinding, type HistoryFinding } from './findings.js';
export type { ArchiveOrigin, History, ProvenArchive } from './judge-history.js';
export type { KeptHeads } from './kept-heads.js';
export { allTables, type NightFacts, type ReplicaState, type TableFacts } from './loss/facts.js';
export { describeLoss, type LossFinding } from './loss/findings.js';
export { judgeNight, type LossThresholds, type Tonight } from './loss/judge-night.js';
export {
  formatNoteKey,
  isSignedBy,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseNoteKey,
  type SignedNote,
} from './note.js';
export { describeOrigin, judgeNoteBeside, type OriginBeside } from './note-beside.js';
export type { NoteBody, SequenceHead, UnseenFinding } from './note-body.js';
export { type Signer, signerOf } from './signer.js';
export {
  type VerifyHistoriesOptions,
  type VerifyHistoryOptions,
  verifyHistories,
  verifyHistory,
} from './verify-history.js';
