import { type TableRules, tier } from '../table-policy.js';

/** What was said between the office and its patients. */
export const messageTables: TableRules = {
  ...tier('critical', {
    commlog: 'Every conversation noted down. Not a log, despite its name.',
  }),
  ...tier('important', {
    apptgeneralmessagesent: 'Messages sent after appointments; without them patients get them twice.',
    apptnewpatthankyousent: 'Welcome messages sent; without them patients get them twice.',
    apptreminderrule: 'When reminders go out, and their words.',
    apptremindersent: 'Reminders sent; without them patients get them twice.',
    apptthankyousent: 'Thank-you messages sent; without them patients get them twice.',
    asapcomm: 'Offers of earlier appointments.',
    autocommexcludedate: 'Days without automatic messages.',
    confirmationrequest: 'Requests to confirm, and the answers.',
    emailaddress: 'The office’s e-mail accounts.',
    emailattach: 'Attachments of e-mails.',
    emailautograph: 'Signatures under e-mails.',
    emailhostingtemplate: 'Templates of mass e-mails.',
    emailmessage: 'E-mails with patients; they are part of the record.',
    emailmessageuid: 'Which e-mails were fetched already; without them they come twice.',
    emailsecure: 'Secure e-mails.',
    emailsecureattach: 'Attachments of secure e-mails.',
    emailtemplate: 'Templates of e-mails.',
    letter: 'Templates of letters.',
    lettermerge: 'Templates of merged letters.',
    lettermergefield: 'Fields of merged letters.',
    msgtopaysent: 'Requests to pay that were sent.',
    patientportalinvite: 'Invitations to the portal.',
    promotion: 'Mass e-mails.',
    smsblockphone: 'Numbers that are blocked.',
    smsfrommobile: 'Text messages from patients.',
    smsphone: 'The office’s numbers for text messages.',
    smstomobile: 'Text messages to patients.',
    webschedrecall: 'Invitations to book a check-up online.',
  }),
  ...tier('optional', {
    eserviceshortguid: 'Short links in messages sent; they expire.',
    promotionlog: 'To whom mass e-mails went.',
    utm: 'Where online bookings came from.',
  }),
};

/** What the office tells itself. */
export const officeTables: TableRules = {
  ...tier('important', {
    erouting: 'Ways of patients through the office, in progress.',
    eroutingaction: 'Steps of ways through the office.',
    eroutingactiondef: 'Definitions of steps through the office.',
    eroutingdef: 'Definitions of ways through the office.',
    eroutingdeflink: 'When a way through the office starts.',
    task: 'What staff asked each other to do.',
    taskancestor: 'Which lists a task is under.',
    taskattachment: 'Papers with tasks.',
    tasklist: 'Lists of tasks.',
    tasknote: 'Notes on tasks.',
    tasksubscription: 'Who follows which list.',
    wikilistheaderwidth: 'Columns of the office’s own wiki lists.',
    wikipage: 'The office’s own wiki.',
  }),
  ...tier('optional', {
    taskunread: 'Which tasks are still unread.',
    supplyneeded: 'The shopping list.',
  }),
};
