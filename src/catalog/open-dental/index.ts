import type { TablePolicy } from '../table-policy.js';
import { accessTables } from './access.js';
import { clinicalTables, formTables } from './clinical.js';
import { ehrTables, headquartersTables, specialTables } from './ehr.js';
import { codeListTables, logTables, passingTables } from './logs.js';
import { messageTables, officeTables } from './messages.js';
import { insuranceTables, moneyTables } from './money.js';
import { patientTables, schedulingTables } from './patients.js';
import { references } from './references.js';
import { setupTables } from './setup.js';

/**
 * Every table of Open Dental 24.3, with its tier and the reason for it. Open Dental publishes no such list:
 * the tiers are a judgement from what each table holds. In doubt a table is kept.
 */
export const openDentalPolicy: TablePolicy = {
  name: 'Open Dental 24.3',
  tables: {
    ...accessTables,
    ...clinicalTables,
    ...codeListTables,
    ...ehrTables,
    ...formTables,
    ...headquartersTables,
    ...insuranceTables,
    ...logTables,
    ...messageTables,
    ...moneyTables,
    ...officeTables,
    ...passingTables,
    ...patientTables,
    ...schedulingTables,
    ...setupTables,
    ...specialTables,
  },
  patterns: [
    {
      glob: 'supplementalbackupkey',
      tier: 'critical',
      reason: 'The administrators’ sealed keys for these backups.',
    },
    { glob: 'tempconv_*', tier: 'leftover', reason: 'Left behind by the conversion of an upgrade.' },
    { glob: 'tempetransnomessage*', tier: 'leftover', reason: 'Left behind by a repair of an upgrade.' },
    { glob: 'wikilist_*', tier: 'important', reason: 'A list of the office’s own wiki.' },
  ],
  references,
};
