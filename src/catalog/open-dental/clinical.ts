import { type TableRules, tier } from '../table-policy.js';

/** What was found in the mouth, what was done about it, and what is planned. */
export const clinicalTables: TableRules = {
  ...tier('critical', {
    allergy: 'Allergies of patients.',
    disease: 'Medical problems of patients.',
    document:
      'The index of all images and papers: whose, when, which file; small offices keep the images in it.',
    labcase: 'Work at outside laboratories, with due dates.',
    medicationpat: 'Medicines that patients take.',
    orthocase: 'Orthodontic cases and their fees.',
    orthochart: 'Orthodontic charting.',
    orthochartrow: 'Orthodontic visits, signed.',
    orthohardware: 'Brackets and wires in place.',
    orthoplanlink: 'Ties orthodontic cases to payment plans.',
    orthoproclink: 'Ties orthodontic cases to procedures.',
    orthoschedule: 'The course of an orthodontic treatment and its amounts.',
    perioexam: 'Periodontal examinations.',
    periomeasure: 'Every pocket depth ever measured.',
    procedurelog:
      'Every procedure planned, done or existing: chart and ledger stand on it. Not a log, despite its name.',
    procgroupitem: 'Ties group notes to their procedures.',
    procmultivisit: 'Procedures that take several visits.',
    procnote: 'Clinical notes, signed.',
    proctp: 'Procedures of saved treatment plans, as they were agreed.',
    rxpat: 'Prescriptions written.',
    toothinitial: 'Missing teeth, movements and drawings of the tooth chart.',
    treatplan: 'Treatment plans, signed.',
    treatplanattach: 'Ties treatment plans to procedures.',
    vitalsign: 'Blood pressure, height and weight.',
  }),
  ...tier('important', {
    imagedraw: 'Drawings and measurements on images.',
    mount: 'Series of X-ray images.',
    mountitem: 'The place of each image in a series.',
    orionproc: 'Further facts of procedures, in offices with the Orion link.',
    pearlrequest: 'Findings of the Pearl image service.',
    popup: 'Warnings that appear when a patient is chosen, often medical.',
    toothgridcell: 'Values of tooth grids on sheets.',
    toothgridcol: 'Columns of tooth grids on sheets.',
    treatplanparam: 'How a treatment plan is to be shown.',
  }),
};

/** Forms, consents, sheets, questionnaires. */
export const formTables: TableRules = {
  ...tier('critical', {
    eform: 'Electronic forms that patients filled in.',
    eformfield: 'The answers on electronic forms.',
    sheet: 'Forms, consents and letters, filled in.',
    sheetfield: 'The answers and signatures on sheets.',
  }),
  ...tier('important', {
    eclipboardimagecapture: 'Pictures that patients took on the tablet.',
    eclipboardimagecapturedef: 'Which pictures the tablet asks for.',
    eclipboardsheetdef: 'Which forms the tablet asks for.',
    eformdef: 'The office’s own electronic forms.',
    eformfielddef: 'Fields of the office’s own electronic forms.',
    eformimportrule: 'How answers reach the patient’s record.',
    formpat: 'Older questionnaires, filled in.',
    question: 'Answers of older questionnaires.',
    questiondef: 'Questions of older questionnaires.',
    sheetdef: 'The office’s own forms and letters.',
    sheetfielddef: 'Fields of the office’s own forms.',
    toothgriddef: 'Columns that tooth grids can have.',
  }),
};
