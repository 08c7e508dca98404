import type { PatientRows } from '../patient-rows.js';
import { references } from './references.js';

/** By what the rows of Open Dental 24.3 belong to a patient. */
export const openDentalPatientRows: PatientRows = {
  table: 'patient',
  key: 'PatNum',
  references: {
    ...references,
    // Both name the table's grandparent in the documentation.
    ehrlabspecimenrejectreason: { EhrLabSpecimenNum: 'ehrlabspecimen' },
    toothgridcol: { ...references['toothgridcol'], SheetFieldNum: 'sheetfield' },
  },
  // Also where the documentation forgot to say so, and in the tables of plug-ins.
  named: ['PatNum'],
  family: {
    patient: ['Guarantor', 'ResponsParty', 'SuperFamily'],
    statement: ['SuperFamily'],
  },
  notFollowed: {
    // The office's own account at a laboratory.
    clinic: ['MedLabAccountNum'],
    // Codes that call for a leaflet, whoever has them.
    eduresource: ['DiseaseDefNum', 'LabResultID', 'MedicationNum', 'SmokingSnoMed'],
    eroutingactiondef: ['ERoutingDefNum'],
    eroutingdeflink: ['ERoutingDefNum'],
    // Clinics, for which the documentation says patients.
    msgtopaysent: ['ClinicNum'],
    recurringcharge: ['ClinicNum'],
    referralcliniclink: ['ReferralNum'],
  },
  onlyWhere: {
    // A task may also be about an appointment.
    task: { KeyNum: { column: 'ObjectType', value: '1' } },
  },
};
