import { quote, spread } from './expressions.js';
import {
  appointmentOf,
  appointmentWorkday,
  codeOf,
  dateAt,
  dayOf,
  fateOf,
  feeOf,
  guarantorOf,
  isInsured,
  isPast,
  momentAt,
  patientOf,
  planOf,
  providerOf,
  type Shape,
  type TablePlan,
} from './shape.js';
import { carriers } from './words.js';

/**
 * Claims, payments and the messages of the clearinghouse. A visit's claim, its payment and its message share
 * its number.
 */
export function moneyPlans(shape: Shape): readonly TablePlan[] {
  const visits = shape.appointments;
  const aptDay = (appointment: string): string => dayOf(appointmentWorkday(shape, appointment));
  const insuredVisit = (visit: string): string =>
    `(${isInsured(patientOf(shape, visit))} AND ${isPast(shape, visit)})`;
  const procDay = (procedure: string): string => aptDay(appointmentOf(shape, procedure));
  const user = `1 + ${spread('m.n', shape.users, 50)}`;
  const claimTotal = (n: string): string => `(60 + ${spread(n, 90000, 51)} / 100)`;
  const messages = Math.max(3, Math.floor(visits / 12));
  const payments = visits;
  const paid = '(m.n % 2 = 0)';
  return [
    {
      table: 'claim',
      rows: visits,
      where: insuredVisit('m.n'),
      columns: {
        PatNum: ({ n }) => patientOf(shape, n),
        DateService: ({ n }) => dateAt(shape, aptDay(n)),
        DateSent: ({ n, below }) => dateAt(shape, `${aptDay(n)} + ${below(4)}`),
        ClaimStatus: ({ pick }) => pick(['R', 'R', 'R', 'R', 'R', 'R', 'S', 'W']),
        DateReceived: ({ n, below }) => dateAt(shape, `${aptDay(n)} + 14 + ${below(30)}`),
        PlanNum: ({ n }) => planOf(shape, patientOf(shape, n)),
        ProvTreat: ({ n }) => providerOf(shape, n),
        ClaimFee: ({ n }) => claimTotal(n),
        InsPayEst: ({ n }) => `ROUND(${claimTotal(n)} * 0.6, 2)`,
        InsPayAmt: ({ n }) => `ROUND(${claimTotal(n)} * 0.55, 2)`,
        ClaimNote: ({ chance }) => chance(10, quote('Narrative attached; image sent.'), "''"),
        ClaimType: quote('P'),
        ProvBill: '1',
        PatRelat: ({ n }) => `(${patientOf(shape, n)} - 1) % 3`,
        ClinicNum: ({ n }) => `1 + ${spread(n, 2, 41)}`,
        ClaimForm: '1',
        AttachedFlags: quote('Mail'),
        InsSubNum: ({ n }) => guarantorOf(patientOf(shape, n)),
        ClaimIdentifier: ({ n }) => `CONCAT(${patientOf(shape, n)}, '/', ${n})`,
        SecUserNumEntry: user,
        SecDateEntry: ({ n }) => dateAt(shape, aptDay(n)),
        SecDateTEdit: ({ n, below }) => momentAt(shape, `${aptDay(n)} + 20`, `30000 + ${below(30000)}`),
      },
    },
    {
      table: 'claimproc',
      rows: visits * shape.proceduresPerVisit,
      where: `${insuredVisit(appointmentOf(shape, 'm.n'))} AND ${fateOf(shape, 'm.n')} = 1 AND ${spread('m.n', 10, 52)} < 6`,
      columns: {
        ProcNum: ({ n }) => n,
        ClaimNum: ({ n }) => appointmentOf(shape, n),
        PatNum: ({ n }) => patientOf(shape, appointmentOf(shape, n)),
        ProvNum: ({ n }) => providerOf(shape, appointmentOf(shape, n)),
        FeeBilled: ({ n }) => feeOf(codeOf(shape, n)),
        InsPayEst: ({ n }) => `ROUND(${feeOf(codeOf(shape, n))} * 0.6, 2)`,
        Status: '1',
        InsPayAmt: ({ n }) => `ROUND(${feeOf(codeOf(shape, n))} * 0.55, 2)`,
        ClaimPaymentNum: ({ n }) => `1 + ${appointmentOf(shape, n)} div 10`,
        PlanNum: ({ n }) => planOf(shape, patientOf(shape, appointmentOf(shape, n))),
        DateCP: ({ n }) => dateAt(shape, `${procDay(n)} + 20`),
        WriteOff: ({ n }) => `ROUND(${feeOf(codeOf(shape, n))} * 0.15, 2)`,
        CodeSent: ({ n }) => `CONCAT('D', LPAD(${codeOf(shape, n)}, 4, '0'))`,
        AllowedOverride: '-1',
        Percentage: ({ pick }) => pick(['50', '80', '100']),
        ProcDate: ({ n }) => dateAt(shape, procDay(n)),
        DateEntry: ({ n }) => dateAt(shape, `${procDay(n)} + 20`),
        LineNumber: ({ n }) => `1 + (${n} - 1) % ${shape.proceduresPerVisit}`,
        DedEst: '0',
        DedEstOverride: '-1',
        InsEstTotalOverride: '-1',
        PaidOtherInsOverride: '-1',
        WriteOffEst: '-1',
        WriteOffEstOverride: '-1',
        ClinicNum: ({ n }) => `1 + ${spread(appointmentOf(shape, n), 2, 41)}`,
        InsSubNum: ({ n }) => guarantorOf(patientOf(shape, appointmentOf(shape, n))),
        SecUserNumEntry: user,
        SecDateEntry: ({ n }) => dateAt(shape, procDay(n)),
        SecDateTEdit: ({ n, below }) => momentAt(shape, `${procDay(n)} + 20`, `30000 + ${below(30000)}`),
      },
    },
    {
      table: 'claimpayment',
      rows: 1 + Math.floor(visits / 10),
      columns: {
        CheckDate: ({ n }) => dateAt(shape, `${aptDay(`(1 + (${n} - 1) * 10)`)} + 20`),
        CheckAmt: ({ below }) => `100 + ${below(400000)} / 100`,
        CheckNum: ({ below }) => `100000 + ${below(900000)}`,
        CarrierName: ({ pick }) => pick(carriers),
        DateIssued: ({ n }) => dateAt(shape, `${aptDay(`(1 + (${n} - 1) * 10)`)} + 18`),
        ClinicNum: '1',
      },
    },
    {
      table: 'payment',
      rows: payments,
      where: paid,
      columns: {
        PayType: ({ below }) => `80 + ${below(4)}`,
        PayDate: ({ n }) => dateAt(shape, aptDay(n)),
        PayAmt: ({ n }) => `(10 + ${spread(n, 40000, 53)} / 100)`,
        CheckNum: ({ below, chance }) => chance(20, `1000 + ${below(9000)}`, "''"),
        PayNote: ({ chance }) => chance(8, quote('Paid by phone.'), "''"),
        PatNum: ({ n }) => guarantorOf(patientOf(shape, n)),
        ClinicNum: ({ n }) => `1 + ${spread(n, 2, 41)}`,
        DateEntry: ({ n }) => dateAt(shape, aptDay(n)),
        SecUserNumEntry: user,
        SecDateTEdit: ({ n }) => momentAt(shape, aptDay(n), '57600'),
      },
    },
    {
      table: 'paysplit',
      rows: payments,
      where: paid,
      columns: {
        SplitAmt: ({ n }) => `(10 + ${spread(n, 40000, 53)} / 100)`,
        PatNum: ({ n }) => patientOf(shape, n),
        ProcDate: ({ n }) => dateAt(shape, aptDay(n)),
        PayNum: ({ n }) => n,
        ProvNum: ({ n }) => providerOf(shape, n),
        DatePay: ({ n }) => dateAt(shape, aptDay(n)),
        ProcNum: ({ n }) => `1 + (${n} - 1) * ${shape.proceduresPerVisit}`,
        DateEntry: ({ n }) => dateAt(shape, aptDay(n)),
        ClinicNum: ({ n }) => `1 + ${spread(n, 2, 41)}`,
        SecUserNumEntry: user,
        SecDateTEdit: ({ n }) => momentAt(shape, aptDay(n), '57600'),
      },
    },
    {
      table: 'adjustment',
      rows: Math.ceil(visits / 20),
      columns: {
        AdjDate: ({ n }) => dateAt(shape, aptDay(`(${n} * 20 - 19)`)),
        AdjAmt: ({ below }) => `(${below(20000)} - 10000) / 100`,
        PatNum: ({ n }) => patientOf(shape, `(${n} * 20 - 19)`),
        AdjType: ({ below }) => `90 + ${below(3)}`,
        ProvNum: ({ n }) => providerOf(shape, `(${n} * 20 - 19)`),
        AdjNote: ({ chance }) => chance(30, quote('Courtesy, approved by owner.'), "''"),
        ProcDate: ({ n }) => dateAt(shape, aptDay(`(${n} * 20 - 19)`)),
        DateEntry: ({ n }) => dateAt(shape, aptDay(`(${n} * 20 - 19)`)),
      },
    },
    {
      table: 'deposit',
      rows: 40,
      columns: {
        DateDeposit: ({ n }) => dateAt(shape, `${n} * 90`),
        Amount: ({ below }) => `${below(2000000)} / 100`,
        Memo: ({ n }) => `CONCAT('Deposit ', ${n})`,
      },
    },
    {
      table: 'feesched',
      rows: 3,
      columns: { Description: ({ n }) => `ELT(${n}, 'Standard', 'PPO', 'Staff')`, ItemOrder: ({ n }) => n },
    },
    {
      table: 'fee',
      rows: shape.codes * 3,
      columns: {
        Amount: ({ n }) => feeOf(`(1 + (${n} - 1) % ${shape.codes})`),
        FeeSched: ({ n }) => `1 + (${n} - 1) div ${shape.codes}`,
        CodeNum: ({ n }) => `1 + (${n} - 1) % ${shape.codes}`,
      },
    },
    {
      table: 'etransmessagetext',
      rows: messages,
      chunk: 500,
      columns: {
        MessageText: ({ n, below }) => ediMessage(n, below(90)),
      },
    },
    {
      table: 'etrans',
      rows: messages,
      columns: {
        DateTimeTrans: ({ n, below }) =>
          momentAt(shape, aptDay(`(${n} * 12 - 11)`), `36000 + ${below(20000)}`),
        ClearingHouseNum: '1',
        Etype: ({ pick }) => pick(['30', '30', '34']),
        CarrierNum: ({ below }) => `1 + ${below(carriers.length)}`,
        PatNum: ({ n }) => patientOf(shape, `(${n} * 12 - 11)`),
        BatchNumber: ({ n }) => n,
        AckCode: ({ pick }) => pick(['A', 'A', 'A', 'R']),
        Note: ({ chance }) => chance(10, quote('Accepted by clearinghouse.'), "''"),
        EtransMessageTextNum: ({ n }) => n,
        CarrierNameRaw: ({ pick }) => pick(carriers),
        UserNum: user,
      },
    },
  ];
}

/** An answer of an insurer in the segments of X12, invented: a head and so many claims. */
function ediMessage(n: string, claims: string): string {
  const claim = `CONCAT('CLP*', ${n}, '/', s.n, '*1*', 80 + (s.r1 % 900), '*', 40 + (s.r2 % 500), '**12*', s.r3, '*11~NM1*QC*1*PATIENT', s.r4 % 9000, '****MI*W', s.r5 % 100000000, '~SVC*AD:D', LPAD(1 + s.r6 % 70, 4, '0'), '*', 40 + (s.r7 % 400), '*', 20 + (s.r8 % 300), '~DTM*472*20', 12 + s.r9 % 12, '0', 1 + s.r10 % 9, '1', s.r11 % 10, '~CAS*CO*45*', s.r12 % 120, '~')`;
  return `CONCAT('ISA*00*          *00*          *ZZ*CLEARHOUSE     *ZZ*PRACTICE       *', LPAD(${n}, 9, '0'), '*0*P*:~GS*HP*CLEARHOUSE*PRACTICE~ST*835*0001~BPR*I*', ${n} % 5000, '*C*ACH~', (SELECT GROUP_CONCAT(${claim} ORDER BY s.n SEPARATOR '') FROM builder_numbers_again s WHERE s.n <= 1 + ${claims}), 'SE*42*0001~GE*1*1~IEA*1*', LPAD(${n}, 9, '0'), '~')`;
}
