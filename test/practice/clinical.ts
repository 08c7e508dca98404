import { quote, spread } from './expressions.js';
import {
  appointmentOf,
  appointmentWorkday,
  codeOf,
  dateAt,
  dayOf,
  fateOf,
  feeOf,
  isPast,
  momentAt,
  officeSeconds,
  patientOf,
  providerOf,
  type Shape,
  type TablePlan,
  workdayOf,
} from './shape.js';
import { noteEndings, noteMiddles, noteOpenings, procedures } from './words.js';

/** What happens in the chairs: appointments, procedures, notes, measurements, forms, the schedule. */
export function clinicalPlans(shape: Shape): readonly TablePlan[] {
  const visits = shape.appointments;
  const charges = visits * shape.proceduresPerVisit;
  const aptDay = (appointment: string): string => dayOf(appointmentWorkday(shape, appointment));
  const aptSeconds = (appointment: string): string => `(28800 + ${spread(appointment, 54, 40)} * 600)`;
  const procDay = (procedure: string): string => aptDay(appointmentOf(shape, procedure));
  const noDate = quote('0001-01-01');
  return [
    {
      table: 'appointment',
      rows: visits,
      deleted: 5,
      columns: {
        PatNum: ({ n }) => patientOf(shape, n),
        AptStatus: ({ n, below }) =>
          `IF(${isPast(shape, n)}, ELT(1 + ${below(20)}, 2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,5,5,3,6), 1)`,
        Pattern: ({ pick }) => pick(['/XX/', '/XXXX/', '//XXXX//', '/XXXXXX/', '//XXXXXXXX//', 'XX//XX']),
        Confirmed: ({ below }) => `60 + ${below(4)}`,
        Op: ({ below }) => `1 + ${below(shape.operatories)}`,
        Note: ({ pick, chance }) => chance(30, pick(noteEndings), "''"),
        ProvNum: ({ n }) => providerOf(shape, n),
        ProvHyg: ({ n, chance }) => chance(50, providerOf(shape, `${n} + 1`), '0'),
        AptDateTime: ({ n }) => momentAt(shape, aptDay(n), aptSeconds(n)),
        IsNewPatient: ({ chance }) => chance(6, '1', '0'),
        ProcDescript: ({ skewed }) => {
          const names = procedures.map(quote).join(', ');
          return `CONCAT(ELT(1 + ${skewed(procedures.length)}, ${names}), ', ', ELT(1 + ${skewed(procedures.length)}, ${names}))`;
        },
        Assistant: ({ below }) => `1 + ${below(shape.employees)}`,
        ClinicNum: ({ n }) => `1 + ${spread(n, 2, 41)}`,
        IsHygiene: ({ below }) => below(2),
        DateTStamp: ({ n }) => momentAt(shape, aptDay(n), `${aptSeconds(n)} - 3600`),
        DateTimeArrived: ({ n, below }) =>
          `IF(${isPast(shape, n)}, ${momentAt(shape, aptDay(n), `${aptSeconds(n)} - ${below(900)}`)}, '0001-01-01 00:00:00')`,
        DateTimeSeated: ({ n, below }) =>
          `IF(${isPast(shape, n)}, ${momentAt(shape, aptDay(n), `${aptSeconds(n)} + ${below(900)}`)}, '0001-01-01 00:00:00')`,
        DateTimeDismissed: ({ n, below }) =>
          `IF(${isPast(shape, n)}, ${momentAt(shape, aptDay(n), `${aptSeconds(n)} + 2400 + ${below(2400)}`)}, '0001-01-01 00:00:00')`,
        ProcsColored: ({ pick }) => `CONCAT('<span color="-16777216">', ${pick(procedures)}, '</span>')`,
        SecUserNumEntry: ({ below }) => `1 + ${below(shape.users)}`,
        SecDateTEntry: ({ n, below }) =>
          momentAt(shape, aptDay(n), `${aptSeconds(n)} - 86400 * (1 + ${below(180)})`),
        SecurityHash: ({ n }) =>
          `IF(${n} > ${Math.floor(visits * 0.985)}, TO_BASE64(UNHEX(SHA2(CONCAT('appointment', ${n}), 256))), '')`,
      },
    },
    {
      table: 'histappointment',
      rows: Math.floor(visits * 0.6),
      columns: {
        HistUserNum: ({ below }) => `1 + ${below(shape.users)}`,
        HistDateTStamp: ({ n, random }) => momentAt(shape, aptDay(n), officeSeconds(random())),
        HistApptAction: ({ below }) => below(5),
        AptNum: ({ n }) => n,
        PatNum: ({ n }) => patientOf(shape, n),
        AptStatus: ({ below }) => `1 + ${below(2)}`,
        Pattern: quote('/XXXX/'),
        ProvNum: ({ n }) => providerOf(shape, n),
        AptDateTime: ({ n }) => momentAt(shape, aptDay(n), aptSeconds(n)),
        ProcDescript: ({ pick }) => pick(procedures),
        ClinicNum: ({ n }) => `1 + ${spread(n, 2, 41)}`,
        DateTStamp: ({ n }) => momentAt(shape, aptDay(n), aptSeconds(n)),
      },
    },
    {
      table: 'procedurelog',
      rows: charges,
      columns: {
        PatNum: ({ n }) => patientOf(shape, appointmentOf(shape, n)),
        AptNum: ({ n }) => `IF(${fateOf(shape, n)} < 2, ${appointmentOf(shape, n)}, 0)`,
        ProcDate: ({ n }) => dateAt(shape, procDay(n)),
        ProcFee: ({ n }) => feeOf(codeOf(shape, n)),
        Surf: ({ n, pick }) =>
          `IF(${codeOf(shape, n)} IN (6,7,13,14,26,27,28,29), ${pick(['O', 'MO', 'DO', 'MOD', 'B', 'L', 'OL'])}, '')`,
        ToothNum: ({ n, below }) => `IF(${codeOf(shape, n)} IN (1,2,3,8,9,10,11,12), '', 1 + ${below(32)})`,
        Priority: ({ below, chance }) => chance(12, `70 + ${below(4)}`, '0'),
        ProcStatus: ({ n }) => `ELT(1 + ${fateOf(shape, n)}, 1, 2, 4, 6)`,
        ProvNum: ({ n }) => providerOf(shape, appointmentOf(shape, n)),
        Dx: '0',
        PlaceService: '0',
        DateEntryC: ({ n }) => dateAt(shape, procDay(n)),
        ClinicNum: ({ n }) => `1 + ${spread(appointmentOf(shape, n), 2, 41)}`,
        DiagnosticCode: ({ pick, chance }) => chance(8, pick(['K02.9', 'K05.1', 'K08.89', 'Z01.20']), "''"),
        CodeNum: ({ n }) => codeOf(shape, n),
        UnitQty: '1',
        DateTP: ({ n, below }) => dateAt(shape, `${procDay(n)} - ${below(120)}`),
        ProcTime: ({ n }) => `SEC_TO_TIME(${aptSeconds(appointmentOf(shape, n))})`,
        ProcTimeEnd: ({ n, below }) =>
          `SEC_TO_TIME(${aptSeconds(appointmentOf(shape, n))} + 600 * (1 + ${below(6)}))`,
        DateTStamp: ({ n, below }) =>
          momentAt(shape, procDay(n), `${aptSeconds(appointmentOf(shape, n))} + ${below(7200)}`),
        DrugQty: ({ below, chance }) => chance(2, `${below(40)} / 8`, '0'),
        BillingNote: ({ chance }) => chance(2, quote('Bill to secondary first.'), "''"),
        Discount: ({ below, chance }) => chance(4, `${below(4000)} / 100`, '0'),
        IcdVersion: '10',
        SecUserNumEntry: ({ below }) => `1 + ${below(shape.users)}`,
        SecDateEntry: ({ n, random }) => momentAt(shape, procDay(n), officeSeconds(random())),
        DateComplete: ({ n }) => `IF(${fateOf(shape, n)} = 1, ${dateAt(shape, procDay(n))}, ${noDate})`,
        Urgency: ({ chance }) => chance(3, '1', '0'),
      },
    },
    {
      table: 'procnote',
      rows: Math.floor(charges / 6),
      columns: {
        PatNum: ({ n }) => patientOf(shape, appointmentOf(shape, `(${n} * 6)`)),
        ProcNum: ({ n }) => `${n} * 6`,
        EntryDateTime: ({ n, random }) => momentAt(shape, procDay(`(${n} * 6)`), officeSeconds(random())),
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
        Note: ({ pick, below, chance }) =>
          `CONCAT(${pick(noteOpenings)}, ' ', ${pick(noteMiddles)}, ' Tooth #', 1 + ${below(32)}, '. ', ${chance(50, `CONCAT(${pick(noteMiddles)}, '\r\n')`, "''")}, ${pick(noteEndings)}, ${chance(4, quote(' Température normale – naïve à l’anesthésie, 95 €, Ω 3 µm.'), "''")})`,
        Signature: ({ n, chance }) =>
          chance(30, `TO_BASE64(UNHEX(SHA2(CONCAT('signature', ${n}), 512)))`, "''"),
      },
    },
    {
      table: 'proctp',
      rows: shape.patients * 2,
      columns: {
        TreatPlanNum: ({ n }) => `1 + (${n} - 1) div 2`,
        PatNum: ({ n }) => `1 + (${n} - 1) div 2`,
        ItemOrder: ({ n }) => `${n} % 2`,
        ToothNumTP: ({ below }) => `1 + ${below(32)}`,
        ProcCode: ({ below }) => `CONCAT('D', LPAD(1 + ${below(shape.codes)}, 4, '0'))`,
        Descript: ({ pick }) => pick(procedures),
        FeeAmt: ({ n }) => feeOf(codeOf(shape, n)),
        PriInsAmt: ({ n }) => `ROUND(${feeOf(codeOf(shape, n))} * 0.5, 2)`,
        PatAmt: ({ n }) => `ROUND(${feeOf(codeOf(shape, n))} * 0.5, 2)`,
        ProvNum: ({ n }) => providerOf(shape, n),
      },
    },
    {
      table: 'treatplanattach',
      rows: shape.patients,
      columns: {
        TreatPlanNum: ({ n }) => patientOf(shape, n),
        ProcNum: ({ n }) => `1 + (${n} - 1) * ${shape.proceduresPerVisit}`,
        Priority: ({ below }) => `70 + ${below(4)}`,
      },
    },
    {
      table: 'toothinitial',
      rows: shape.patients * 2,
      columns: {
        PatNum: ({ n }) => `1 + (${n} - 1) div 2`,
        ToothNum: ({ below }) => `1 + ${below(32)}`,
        InitialType: ({ chance }) => chance(92, '0', '9'),
        // Thirds do not end in binary: the whole FLOAT must come back, not six digits of it.
        Movement: ({ below, chance }) => chance(15, `(${below(70)} - 35) / 3`, '0'),
        DrawingSegment: ({ below, chance }) =>
          chance(
            6,
            `CONCAT(${below(400)}, ',', ${below(300)}, ';', ${below(400)}, ',', ${below(300)})`,
            "''",
          ),
        ColorDraw: ({ below }) => `-${below(16777216)}`,
      },
    },
    {
      table: 'perioexam',
      rows: Math.ceil(shape.patients / 4),
      columns: {
        PatNum: ({ n }) => `${n} * 4 - 3`,
        ExamDate: ({ n }) =>
          dateAt(shape, dayOf(workdayOf(n, Math.ceil(shape.patients / 4), shape.workdaysBack))),
        ProvNum: ({ n }) => providerOf(shape, n),
        DateTMeasureEdit: ({ n }) =>
          momentAt(shape, dayOf(workdayOf(n, Math.ceil(shape.patients / 4), shape.workdaysBack)), '39600'),
      },
    },
    {
      table: 'periomeasure',
      rows: Math.ceil(shape.patients / 4) * 32,
      columns: {
        PerioExamNum: ({ n }) => `1 + (${n} - 1) div 32`,
        SequenceType: '4',
        IntTooth: ({ n }) => `1 + (${n} - 1) % 32`,
        ToothValue: '-1',
        MBvalue: ({ skewed }) => `1 + ${skewed(9)}`,
        Bvalue: ({ skewed }) => `1 + ${skewed(7)}`,
        DBvalue: ({ skewed }) => `1 + ${skewed(9)}`,
        MLvalue: ({ skewed }) => `1 + ${skewed(9)}`,
        Lvalue: ({ skewed }) => `1 + ${skewed(7)}`,
        DLvalue: ({ skewed }) => `1 + ${skewed(9)}`,
      },
    },
    {
      table: 'labcase',
      rows: Math.ceil(visits / 30),
      columns: {
        PatNum: ({ n }) => patientOf(shape, `${n} * 30 - 29`),
        LaboratoryNum: '1',
        AptNum: ({ n }) => `${n} * 30 - 29`,
        DateTimeCreated: ({ n }) => momentAt(shape, aptDay(`(${n} * 30 - 29)`), '46800'),
        DateTimeDue: ({ n }) => momentAt(shape, `${aptDay(`(${n} * 30 - 29)`)} + 14`, '32400'),
        ProvNum: ({ n }) => providerOf(shape, `${n} * 30 - 29`),
        Instructions: ({ pick }) =>
          `CONCAT('Shade ', ${pick(['A1', 'A2', 'A3', 'B1', 'C2'])}, '. Contacts light.')`,
        LabFee: ({ below }) => `80 + ${below(160)}`,
      },
    },
    {
      table: 'sheet',
      rows: Math.ceil(shape.patients / 2),
      columns: {
        SheetType: ({ below }) => `5 + ${below(6)}`,
        PatNum: ({ n }) => `${n} * 2 - 1`,
        DateTimeSheet: ({ n, random }) =>
          momentAt(
            shape,
            dayOf(workdayOf(n, Math.ceil(shape.patients / 2), shape.workdaysBack)),
            officeSeconds(random()),
          ),
        FontSize: '9.2',
        FontName: quote('Arial'),
        Width: '850',
        Height: '1100',
        Description: ({ pick }) =>
          pick(['Consent', 'Medical history', 'Patient registration', 'Routing slip']),
      },
    },
    {
      table: 'sheetfield',
      rows: Math.ceil(shape.patients / 2) * 14,
      columns: {
        SheetNum: ({ n }) => `1 + (${n} - 1) div 14`,
        FieldType: ({ below }) => below(8),
        FieldName: ({ pick }) => pick(['LName', 'FName', 'Birthdate', 'misc', 'allergy', 'checkMed', 'note']),
        FieldValue: ({ pick, chance }) => chance(50, pick(noteOpenings), "''"),
        FontSize: ({ pick }) => pick(['8.25', '9.2', '11']),
        FontName: ({ pick }) => pick(['Arial', 'Calibri', 'Times New Roman']),
        XPos: ({ below }) => below(700),
        YPos: ({ n }) => `20 + (${n} - 1) % 14 * 76`,
        Width: ({ below }) => `40 + ${below(300)}`,
        Height: '16',
        ItemColor: '-16777216',
        TabOrder: ({ n }) => `(${n} - 1) % 14`,
      },
    },
    {
      table: 'schedule',
      rows: Math.min(shape.patients * 4, shape.workdaysBack * 3),
      columns: {
        SchedDate: ({ n }) => dateAt(shape, dayOf(`((${n} - 1) div 3)`)),
        StartTime: ({ pick }) => pick(['07:30:00', '08:00:00', '09:00:00']),
        StopTime: ({ pick }) => pick(['12:00:00', '16:30:00', '17:00:00']),
        SchedType: '1',
        ProvNum: ({ n }) => `1 + ${n} % 3`,
        Note: "''",
        DateTStamp: ({ n }) => momentAt(shape, dayOf(`((${n} - 1) div 3)`), '25200'),
      },
    },
    {
      table: 'scheduleop',
      rows: Math.min(shape.patients * 4, shape.workdaysBack * 3),
      columns: {
        ScheduleNum: ({ n }) => n,
        OperatoryNum: ({ n }) => `1 + ${n} % ${shape.operatories}`,
      },
    },
    {
      table: 'tasklist',
      rows: 6,
      columns: {
        Descript: ({ pick }) => pick(['Billing', 'Calls', 'Insurance', 'Lab', 'Supplies', 'To do']),
      },
    },
    {
      table: 'task',
      rows: Math.ceil(shape.patients / 3),
      columns: {
        TaskListNum: ({ below }) => `1 + ${below(6)}`,
        KeyNum: ({ below }) => `1 + ${below(shape.patients)}`,
        ObjectType: '1',
        Descript: ({ pick }) => `CONCAT(${pick(noteEndings)}, ' ', ${pick(noteOpenings)})`,
        TaskStatus: ({ below }) => below(3),
        DateTimeEntry: ({ n, random }) =>
          momentAt(
            shape,
            dayOf(workdayOf(n, Math.ceil(shape.patients / 3), shape.workdaysBack)),
            officeSeconds(random()),
          ),
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
        DateTimeFinished: ({ chance }) => chance(70, quote('2023-05-05 11:30:00'), quote('0001-01-01')),
      },
    },
    {
      table: 'tasknote',
      rows: Math.ceil(shape.patients / 3),
      columns: {
        TaskNum: ({ n }) => n,
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
        DateTimeNote: ({ n }) =>
          momentAt(shape, dayOf(workdayOf(n, Math.ceil(shape.patients / 3), shape.workdaysBack)), '54000'),
        Note: ({ pick }) => pick(noteEndings),
      },
    },
  ];
}
