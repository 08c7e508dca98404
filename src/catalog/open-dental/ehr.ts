import { logs, type TableRules, tier } from '../table-policy.js';

/** The medical record beyond dentistry: certified EHR, laboratories, vaccines. */
export const ehrTables: TableRules = {
  ...tier('critical', {
    ehramendment: 'Amendments of the record that patients asked for.',
    ehrcareplan: 'Care plans.',
    ehrlab: 'Laboratory orders.',
    ehrlabclinicalinfo: 'Clinical information on laboratory orders.',
    ehrlabimage: 'Images with laboratory results.',
    ehrlabnote: 'Notes on laboratory results.',
    ehrlabresult: 'Laboratory results.',
    ehrlabresultscopyto: 'Who gets a copy of laboratory results.',
    ehrlabspecimen: 'Specimens sent to laboratories.',
    ehrlabspecimencondition: 'Condition of specimens.',
    ehrlabspecimenrejectreason: 'Why specimens were rejected.',
    ehrnotperformed: 'What was not done, and why.',
    ehrpatient: 'Further facts of patients.',
    ehrsummaryccd: 'Summaries of care, sent and received.',
    encounter: 'Medical encounters.',
    intervention: 'Counselling and other interventions.',
    labpanel: 'Laboratory panels of patients.',
    labresult: 'Results of laboratory panels.',
    medicalorder: 'Orders for laboratory and radiology.',
    medlab: 'Reports of medical laboratories.',
    medlabfacattach: 'Ties laboratory reports to laboratories.',
    medlabfacility: 'Medical laboratories.',
    medlabresult: 'Results of medical laboratories.',
    medlabspecimen: 'Specimens at medical laboratories.',
    vaccineobs: 'Observations on vaccinations.',
    vaccinepat: 'Vaccinations.',
  }),
  ...tier('important', {
    eduresource: 'Reading for patients, by problem.',
    ehraptobs: 'Observations at appointments.',
    ehrmeasureevent: 'Events that reports to the authorities count.',
    ehrprovkey: 'Keys of providers for certified reports.',
    ehrquarterlykey: 'Quarterly keys for certified reports.',
    ehrtrigger: 'When clinical decision support speaks up.',
    erxlog: 'What was sent to the prescription service; part of the record of controlled drugs.',
    reminderrule: 'Clinical reminders.',
  }),
  ...tier('optional', {
    ehrmeasure: 'Results of earlier reports to the authorities.',
    hl7procattach: 'Which procedures went out by HL7.',
  }),
  ...logs('optional', {
    hl7msg: ['DateTStamp', 'Messages of HL7 links; the program itself empties them after four months.'],
  }),
};

/** Anaesthesia, teaching, public health: features few offices use, each a record where it is. */
export const specialTables: TableRules = {
  ...tier('critical', {
    anestheticdata:
      'Anaesthesia given, in offices that keep its record here; the program no longer writes it.',
    anestheticrecord: 'Anaesthesia records; the program no longer writes them.',
    anesthmedsgiven: 'Anaesthetics given; the program no longer writes them.',
    anesthscore: 'Scores after anaesthesia; the program no longer writes them.',
    anesthvsdata: 'Vital signs under anaesthesia; the program no longer writes them.',
    screen: 'Screenings in public health.',
    screengroup: 'Groups of screenings in public health.',
    screenpat: 'Who was screened.',
  }),
  ...tier('important', {
    anesthmedsintake: 'Anaesthetics bought: controlled drugs; the program no longer writes it.',
    anesthmedsinventory: 'Anaesthetics in stock: controlled drugs; the program no longer writes it.',
    anesthmedsinventoryadj: 'Corrections of stock: controlled drugs; the program no longer writes it.',
    anesthmedsuppliers: 'Suppliers of anaesthetics; the program no longer writes it.',
    evaluation: 'Evaluations of students.',
    evaluationcriterion: 'Marks of students.',
    evaluationcriteriondef: 'Criteria for marks.',
    evaluationdef: 'Kinds of evaluations.',
    files: 'Files that very old versions kept inside the database.',
    gradingscale: 'Scales of marks.',
    gradingscaleitem: 'Steps of scales of marks.',
    instructor: 'Teachers, in very old versions.',
    reqneeded: 'Requirements of courses.',
    reqstudent: 'Requirements that students have met.',
    schoolclass: 'Classes of dental schools.',
    schoolcourse: 'Courses of dental schools.',
  }),
};

/** Tables of the vendor’s own headquarters and of offices that manage others; empty or absent elsewhere. */
export const headquartersTables: TableRules = {
  ...tier('important', {
    centralconnection: 'Offices managed from one place, with their logins.',
    connectiongroup: 'Groups of managed offices.',
    conngroupattach: 'Which offices are in a group.',
  }),
  ...tier('optional', {
    jobteam: 'Of headquarters only: teams.',
    jobteamuser: 'Of headquarters only: members of teams.',
    maparea: 'Of headquarters only: the map of the building.',
    registrationkey: 'Filled at headquarters only: keys of customers.',
    reseller: 'Of headquarters only: resellers.',
    resellerservice: 'Of headquarters only: services of resellers.',
  }),
};
