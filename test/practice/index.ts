export { buildPractice, type Practice, type PracticeOptions, type PracticeProgress } from './build.js';
export { type PracticeColumn, type PracticeTable, practiceTables, practiceVersion } from './schema.js';
export {
  type PracticeUser,
  practiceAdmin,
  practiceAdminPassword,
  practiceGroups,
  practiceUsers,
  storePassword,
} from './users.js';
