import { logs, type TableRules, tier } from '../table-policy.js';

/** Who did what: trails and histories. */
export const logTables: TableRules = {
  ...logs('important', {
    histappointment: ['HistDateTStamp', 'Every change of an appointment.'],
    inseditlog: ['DateTStamp', 'Every change of a plan.'],
    inseditpatlog: ['DateTStamp', 'Every change of a patient’s cover.'],
    securitylog: ['LogDateTime', 'The audit trail the law asks for.'],
  }),
  ...tier('optional', {
    securityloghash:
      'Shows whether the audit trail was tampered with; large, and the trail reads without it.',
  }),
  ...logs('optional', {
    dbmlog: ['DateTimeEntry', 'What the maintenance tool changed.'],
    entrylog: ['EntryDateTime', 'From which workstation entries came.'],
    eservicelog: ['LogDateTime', 'What the online services did; headquarters has it as well.'],
    orthochartlog: ['DateTimeLog', 'Traces for finding faults in the orthodontic chart.'],
    taskhist: ['DateTStamp', 'Earlier versions of tasks.'],
    wikilisthist: ['DateTimeSaved', 'Earlier versions of wiki lists.'],
    wikipagehist: ['DateTimeSaved', 'Earlier versions of wiki pages.'],
  }),
};

/** What comes back by itself, or means nothing after a catastrophe. */
export const passingTables: TableRules = {
  ...tier('transient', {
    activeinstance: 'Programs that are running at this moment.',
    alertitem: 'Alerts on show; those that still hold are raised again.',
    alertread: 'Which alerts on show were read.',
    eservicesignal: 'Signs of life of the online services.',
    famaging: 'Scratch paper of the monthly ageing; emptied before each use.',
    hiequeue: 'Patients waiting to be exported; queued again with the next change.',
    loginattempt: 'Failed logins of the last minutes.',
    mobiledatabyte: 'Documents on their way to a tablet.',
    mobilenotification: 'Messages on their way to a tablet.',
    sessiontoken: 'Sessions that are open at this moment.',
    sigmessage: 'Messages between workstations of the day.',
    signalod: 'Signals between workstations; the program itself deletes them after two days.',
    terminalactive: 'Kiosks that are in use at this moment.',
  }),
  ...tier('recreatable', {
    dashboardar: 'Balances computed for a graph; computed again when it is shown.',
    language: 'Phrases of the program; collected again as windows are opened.',
  }),
  documentmisc: {
    tier: 'recreatable',
    reason: 'Installation files of updates, in large pieces; downloaded again with the next update.',
    compressedTo: 0.76,
  },
};

/** Lists of standards bodies, imported with a tool of the program and never edited. */
export const codeListTables: TableRules = {
  ...tier('code-list', {
    cdcrec: 'Codes of race and ethnicity (CDC); can be imported again.',
    cpt: 'Medical procedure codes (CPT); can be imported again.',
    cvx: 'Vaccine codes (CVX); can be imported again.',
    hcpcs: 'Procedure codes of Medicare (HCPCS); can be imported again.',
    icd10: 'Diagnosis codes (ICD-10); can be imported again.',
    icd9: 'Diagnosis codes (ICD-9); part of every installation.',
    loinc: 'Laboratory codes (LOINC); can be imported again.',
    rxnorm: 'Drug codes (RxNorm); can be imported again.',
    snomed: 'Clinical terms (SNOMED CT); can be imported again.',
    sop: 'Codes of payers (PHDSC); can be imported again.',
    ucum: 'Units of measure (UCUM); can be imported again.',
  }),
  ...tier('optional', {
    codesystem: 'Which versions of the code lists are installed.',
  }),
};
