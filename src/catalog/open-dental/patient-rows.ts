import type { PatientRows } from '../patient-rows.js';
import { references } from './references.js';

/** The columns by which rows of Open Dental 24.3 belong to a patient. */
export const openDentalPatientRows: PatientRows = {
  table: 'patient',
  key: 'PatNum',
  references: {
    ...references,
    // For both, the documentation names the table's grandparent.
    ehrlabspecimenrejectreason: { EhrLabSpecimenNum: 'ehrlabspecimen' },
    toothgridcol: { ...references['toothgridcol'], SheetFieldNum: 'sheetfield' },
  },
  // Followed in every table: the documentation omits some, and plug-ins add tables.
  named: ['PatNum'],
  family: {
    patient: ['Guarantor', 'ResponsParty', 'SuperFamily'],
    statement: ['SuperFamily'],
  },
  notFollowed: {
    // The office's own account at a laboratory.
    clinic: ['MedLabAccountNum'],
    // Codes that select a leaflet, for any patient.
    eduresource: ['DiseaseDefNum', 'LabResultID', 'MedicationNum', 'SmokingSnoMed'],
    eroutingactiondef: ['ERoutingDefNum'],
    eroutingdeflink: ['ERoutingDefNum'],
    // Not patients, although the documentation says so: these hold clinics.
    msgtopaysent: ['ClinicNum'],
    recurringcharge: ['ClinicNum'],
    referralcliniclink: ['ReferralNum'],
  },
  onlyWhere: {
    // A task may also be about an appointment.
    task: { KeyNum: { column: 'ObjectType', value: '1' } },
  },
};
