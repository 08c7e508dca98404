import { type TableRules, tier } from '../table-policy.js';

/** Who the patients are, and who belongs to them. */
export const patientTables: TableRules = {
  ...tier('critical', {
    guardian: 'Parents and guardians.',
    patfield: 'The office’s own fields of patients.',
    patient: 'Every patient, family and balance.',
    patientlink: 'Patients merged or cloned.',
    patientnote: 'Medical and financial notes of patients.',
    patientrace: 'Race and ethnicity of patients.',
    patrestriction: 'What a patient may not be offered.',
    phonenumber: 'Telephone numbers of patients.',
    refattach: 'Who referred a patient, and to whom.',
    referral: 'Doctors and people who refer.',
  }),
  ...tier('important', {
    commoptout: 'Who does not want messages.',
    contact: 'The office’s address book.',
    custrefentry: 'Which customers vouched for the office.',
    custreference: 'Customers who are willing to vouch for the office.',
    deletedobject: 'What was deleted, so that linked programs delete it as well.',
    employer: 'Employers of patients, with group plans.',
    familyhealth: 'Illnesses in the family.',
    patfielddef: 'Definitions of the office’s own patient fields.',
    patfieldpickitem: 'Choices of the office’s own patient fields.',
    pharmacy: 'Pharmacies of patients.',
    pharmclinic: 'Ties pharmacies to clinics.',
    referralcliniclink: 'Ties referrals to clinics.',
    site: 'Schools and homes where patients are seen.',
    userweb: 'Accounts of patients at the portal.',
  }),
};

/** When patients come, and who is there to see them. */
export const schedulingTables: TableRules = {
  ...tier('critical', {
    appointment: 'Every appointment, past and to come.',
    apptfield: 'The office’s own fields of appointments.',
    operatory: 'Treatment rooms.',
    recall: 'Who is due for a check-up, and when.',
    schedule: 'Working hours of providers and staff.',
    scheduleop: 'Ties working hours to rooms.',
  }),
  ...tier('important', {
    appointmentrule: 'Which procedures may not stand side by side.',
    appointmenttype: 'Kinds of appointments.',
    apptfielddef: 'Definitions of the office’s own appointment fields.',
    apptview: 'How the schedule is shown.',
    apptviewitem: 'What each view of the schedule shows.',
    procapptcolor: 'Colours of procedures in the schedule.',
    reactivation: 'Patients the office wants to win back.',
    recalltrigger: 'Which procedures start a recall.',
    recalltype: 'Kinds of recalls and their intervals.',
    userodapptview: 'Which view of the schedule each user last had.',
  }),
};
