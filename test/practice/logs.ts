import { quote, spread } from './expressions.js';
import { dayOf, momentAt, officeSeconds, patientOf, type Shape, type TablePlan, workdayOf } from './shape.js';
import { practiceUsers } from './users.js';
import { femaleNames, lastNames, noteEndings, phoneNotes, procedures, workstations } from './words.js';

/** What the program writes down by itself, and what the office writes about calls and letters. */
export function logPlans(shape: Shape): readonly TablePlan[] {
  const entries = shape.patients * 40;
  const calls = shape.patients * 8;
  const mails = Math.ceil(shape.patients / 2);
  const dayIn = (n: string, count: number): string => dayOf(workdayOf(n, count, shape.workdaysBack));
  const users = practiceUsers.map((user) => user.userName);
  const hashed = Math.max(20, Math.floor(entries * 0.15));
  return [
    {
      table: 'securitylog',
      rows: entries,
      columns: {
        PermType: ({ n }) =>
          `ELT(1 + ${spread(n, 16, 60)}, 25,25,25,26,27,27,57,57,57,57,83,83,41,92,12,179)`,
        UserNum: ({ n }) => `1 + ${spread(n, shape.users, 61)}`,
        LogDateTime: ({ n, random }) => momentAt(shape, dayIn(n, entries), officeSeconds(random())),
        LogText: ({ n, pick, below }) =>
          `ELT(1 + ${spread(n, 16, 60)}, ` +
          [
            `CONCAT('Appointment created for ', ${pick(lastNames)}, ', ', ${pick(femaleNames)}, ', ', 8 + ${below(9)}, ':', ${below(6)}, '0')`,
            `CONCAT(${pick(lastNames)}, ', ', ${pick(femaleNames)}, ', ', ${pick(procedures)}, ', -- Completed')`,
            `CONCAT('Appointment for ', ${pick(lastNames)}, ', ', ${pick(femaleNames)}, ' moved to operatory ', 1 + ${below(6)})`,
            `CONCAT('Edited appointment, confirmed changed from ', 60 + ${below(4)}, ' to ', 60 + ${below(4)})`,
            `CONCAT('Patient: ', ${pick(lastNames)}, ', fee changed to $', ${below(1400)}, '.', ${below(10)}, '0')`,
            quote('Module viewed'),
            `CONCAT(${pick(procedures)}, ' (D', LPAD(1 + ${below(70)}, 4, '0'), ') set complete')`,
            `CONCAT('Tooth ', 1 + ${below(32)}, ', treatment planned: ', ${pick(procedures)})`,
            `CONCAT('Procedure deleted: ', ${pick(procedures)})`,
            `CONCAT('Date changed, entry ', ${below(900000)})`,
            `CONCAT('User: ', ${pick(users)}, ' has logged on.')`,
            `CONCAT('User: ', ${pick(users)}, ' has logged off.')`,
            `CONCAT('Insurance plan edited, group ', ${below(100000)})`,
            quote('Image viewed'),
            `CONCAT('Payment of $', ${below(900)}, '.00 entered')`,
            quote('Supplemental backup has been Enabled.'),
          ].join(', ') +
          ')',
        PatNum: ({ n }) => `IF(${spread(n, 16, 60)} IN (10, 11, 15), 0, ${patientOf(shape, n)})`,
        CompName: ({ pick }) => pick(workstations),
        FKey: ({ n, chance }) => chance(60, `1 + ${spread(n, shape.appointments, 62)}`, '0'),
        LogSource: '0',
        DateTPrevious: ({ n, chance }) =>
          chance(30, momentAt(shape, `${dayIn(n, entries)} - 7`, '40000'), quote('0001-01-01')),
      },
    },
    {
      table: 'securityloghash',
      rows: hashed,
      columns: {
        SecurityLogNum: ({ n }) => `${entries - hashed} + ${n}`,
        LogHash: ({ n }) => `TO_BASE64(UNHEX(SHA2(CONCAT('entry', ${n}), 256)))`,
      },
    },
    {
      table: 'commlog',
      rows: calls,
      columns: {
        PatNum: ({ n }) => patientOf(shape, n),
        CommDateTime: ({ n, random }) => momentAt(shape, dayIn(n, calls), officeSeconds(random())),
        CommType: ({ below }) => `20 + ${below(5)}`,
        Note: ({ pick, chance, below }) =>
          `CONCAT(${pick(phoneNotes)}, ${chance(60, `CONCAT(' ', ${pick(phoneNotes)})`, "''")}, ${chance(35, `CONCAT('\r\n', ${pick(noteEndings)}, ' Ref. ', ${below(1000000)})`, "''")})`,
        Mode_: ({ below }) => below(6),
        SentOrReceived: ({ below }) => below(3),
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
        DateTStamp: ({ n, random }) => momentAt(shape, dayIn(n, calls), officeSeconds(random())),
        DateTEntry: ({ n, random }) => momentAt(shape, dayIn(n, calls), officeSeconds(random())),
      },
    },
    {
      table: 'emailmessage',
      rows: mails,
      columns: {
        PatNum: ({ below }) => `1 + ${below(shape.patients)}`,
        ToAddress: ({ below }) => `CONCAT('patient', 1 + ${below(shape.patients)}, '@example.com')`,
        FromAddress: quote('office@example.com'),
        Subject: ({ pick }) => pick(['Your appointment', 'Statement', 'Welcome', 'Recall', 'Records']),
        BodyText: ({ pick }) =>
          `CONCAT('Hello,\r\n\r\n', ${pick(noteEndings)}, '\r\n', ${pick(phoneNotes)}, '\r\n\r\nKind regards\r\nYour practice')`,
        MsgDateTime: ({ n, random, chance }) =>
          chance(3, quote('0000-00-00'), momentAt(shape, dayIn(n, mails), officeSeconds(random()))),
        SentOrReceived: ({ below }) => below(4),
      },
    },
    {
      table: 'signalod',
      rows: 60,
      columns: {
        SigDateTime: ({ n }) => `('${shape.today} 08:00:00' + INTERVAL ${n} MINUTE)`,
        FKey: ({ below }) => below(1000),
        FKeyType: quote('Undefined'),
        IType: ({ below }) => below(20),
      },
    },
    {
      table: 'entrylog',
      rows: shape.patients,
      columns: {
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
        FKeyType: '1',
        FKey: ({ n }) => n,
        EntryDateTime: ({ n }) => momentAt(shape, dayIn(n, shape.patients), '36000'),
      },
    },
    {
      table: 'inseditlog',
      rows: shape.plans * 2,
      columns: {
        FKey: ({ n }) => `1 + (${n} - 1) div 2`,
        FieldName: ({ pick }) => pick(['GroupName', 'GroupNum', 'CarrierNum', 'PlanNote']),
        OldValue: ({ below }) => below(100000),
        NewValue: ({ below }) => below(100000),
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
      },
    },
    {
      table: 'clockevent',
      rows: Math.min(2000, shape.patients * 2),
      columns: {
        EmployeeNum: ({ n }) => `1 + ${n} % ${shape.employees}`,
        TimeEntered1: ({ n, below }) =>
          momentAt(shape, dayOf(`${n} div ${shape.employees}`), `27000 + ${below(3600)}`),
        TimeDisplayed1: ({ n, below }) =>
          momentAt(shape, dayOf(`${n} div ${shape.employees}`), `27000 + ${below(3600)}`),
        TimeEntered2: ({ n, below }) =>
          momentAt(shape, dayOf(`${n} div ${shape.employees}`), `57600 + ${below(3600)}`),
        TimeDisplayed2: ({ n, below }) =>
          momentAt(shape, dayOf(`${n} div ${shape.employees}`), `57600 + ${below(3600)}`),
        Note: "''",
        // Spans, not times of day: below zero and beyond a day.
        OTimeHours: quote('-01:00:00'),
        OTimeAuto: ({ below }) => `SEC_TO_TIME(${below(7200)})`,
        Adjust: ({ below }) => `SEC_TO_TIME(${below(1200)} - 600)`,
      },
    },
    {
      table: 'timeadjust',
      rows: 60,
      columns: {
        EmployeeNum: ({ n }) => `1 + ${n} % ${shape.employees}`,
        TimeEntry: ({ n }) => momentAt(shape, `${n} * 60`, '61200'),
        RegHours: ({ below }) => `SEC_TO_TIME((${below(80)} - 40) * 3600 + 1800)`,
        OTimeHours: ({ below }) => `SEC_TO_TIME(${below(40)} * 3600)`,
        Note: quote('Correction of time card'),
      },
    },
    {
      table: 'loginattempt',
      rows: 12,
      columns: {
        UserName: ({ pick }) => pick(users),
        DateTFail: ({ n }) => momentAt(shape, `${n} * 300`, '29000'),
      },
    },
  ];
}
