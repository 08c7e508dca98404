import { quote, spread, spreadPick } from './expressions.js';
import {
  dateAt,
  dayOf,
  guarantorOf,
  isInsured,
  isPast,
  momentAt,
  officeSeconds,
  patientOf,
  planOf,
  providerOf,
  type Shape,
  type TablePlan,
  workdayOf,
} from './shape.js';
import {
  allergies,
  carriers,
  cities,
  drugs,
  employers,
  femaleNames,
  lastNames,
  maleNames,
  medicines,
  noteEndings,
  noteMiddles,
  noteOpenings,
  problems,
  relations,
  streets,
} from './words.js';

const isWoman = (patient: string): string => `${spread(patient, 2, 20)} = 0`;

/** Patients and what belongs to them: families, insurance, health, recall. */
export function peoplePlans(shape: Shape): readonly TablePlan[] {
  const enteredDay = (n: string): string => dayOf(workdayOf(n, shape.patients, shape.workdaysBack));
  const phone = (low: string): string => `CONCAT('(503)555-', LPAD(${low}, 4, '0'))`;
  return [
    {
      table: 'patient',
      rows: shape.patients,
      deleted: 3,
      columns: {
        LName: ({ n }) => spreadPick(guarantorOf(n), lastNames, 21),
        FName: ({ n }) =>
          `IF(${isWoman(n)}, ${spreadPick(n, femaleNames, 22)}, ${spreadPick(n, maleNames, 23)})`,
        MiddleI: ({ below, chance }) => chance(40, `CHAR(65 + ${below(26)} USING utf8)`, "''"),
        Preferred: ({ pick, chance }) => chance(8, pick(['Bo', 'Liz', 'Sam', 'Kit', 'Max']), "''"),
        PatStatus: ({ below }) => `ELT(1 + ${below(20)}, 0,0,0,0,0,0,0,0,0,0,0,0,0,2,2,2,3,3,4,5)`,
        Gender: ({ n }) => `IF(${isWoman(n)}, 1, 0)`,
        Position: ({ n, below }) => `IF((${n} - 1) % 3 = 2, 2, ${below(2)})`,
        Birthdate: ({ n, below }) =>
          `('1935-01-01' + INTERVAL IF((${n} - 1) % 3 = 2, 26000 + ${below(6000)}, ${below(25000)}) DAY)`,
        SSN: ({ below, chance }) => chance(55, `LPAD(${below(1000000)} + 900000000, 9, '0')`, "''"),
        Address: ({ n }) =>
          `CONCAT(10 + ${spread(guarantorOf(n), 8900, 24)}, ' ', ${spreadPick(guarantorOf(n), streets, 25)})`,
        Address2: ({ below, chance }) => chance(12, `CONCAT('Apt ', 1 + ${below(60)})`, "''"),
        City: ({ n }) => spreadPick(guarantorOf(n), cities, 26),
        State: quote('OR'),
        Zip: ({ n }) => `97000 + ${spread(guarantorOf(n), 900, 27)}`,
        HmPhone: ({ n, chance }) => chance(60, phone(spread(guarantorOf(n), 10000, 28)), "''"),
        WirelessPhone: ({ below }) => phone(below(10000)),
        Guarantor: ({ n }) => guarantorOf(n),
        Email: ({ n, chance }) => chance(70, `CONCAT('patient', ${n}, '@example.com')`, "''"),
        EstBalance: ({ below, chance }) => chance(25, `${below(90000)} / 100`, '0'),
        BalTotal: ({ below, chance }) => chance(25, `${below(90000)} / 100`, '0'),
        PriProv: ({ n }) => providerOf(shape, n),
        FeeSched: '0',
        BillingType: ({ below }) => `40 + ${below(3)}`,
        AddrNote: ({ chance }) => chance(3, quote('Mail is returned; ask at next visit.'), "''"),
        FamFinUrgNote: ({ chance }) => chance(4, quote('Payment plan, see account.'), "''"),
        MedUrgNote: ({ pick, chance }) => chance(10, pick(problems), "''"),
        ChartNumber: ({ n }) => `CONCAT('C', LPAD(${n}, 6, '0'))`,
        EmployerNum: ({ n, chance }) =>
          chance(60, `1 + ${spread(guarantorOf(n), employers.length, 29)}`, '0'),
        DateFirstVisit: ({ n }) => dateAt(shape, enteredDay(n)),
        ClinicNum: ({ n }) => `${spread(guarantorOf(n), 3, 30)}`,
        HasIns: ({ n }) => `IF(${isInsured(n)}, 'I', '')`,
        PreferConfirmMethod: ({ below }) => below(5),
        PreferRecallMethod: ({ below }) => below(5),
        SchedBeforeTime: ({ chance }) => chance(5, quote('12:00:00'), 'NULL'),
        SchedAfterTime: ({ chance }) => chance(5, quote('15:30:00'), 'NULL'),
        Language: ({ chance }) => chance(6, quote('spa'), "''"),
        Title: ({ chance }) => chance(5, quote('Dr.'), 'NULL'),
        DateTStamp: ({ n, random }) => momentAt(shape, enteredDay(n), officeSeconds(random())),
        TxtMsgOk: ({ below }) => below(3),
        DateTimeDeceased: ({ chance }) => chance(1, quote('2019-03-09 00:00:00'), quote('0001-01-01')),
        SecUserNumEntry: ({ below }) => `1 + ${below(shape.users)}`,
        SecDateEntry: ({ n }) => dateAt(shape, enteredDay(n)),
        SecurityHash: ({ n }) =>
          `IF(${n} > ${Math.floor(shape.patients * 0.97)}, TO_BASE64(UNHEX(SHA2(CONCAT('patient', ${n}), 256))), '')`,
      },
    },
    {
      table: 'patientnote',
      rows: shape.patients,
      columns: {
        PatNum: ({ n }) => n,
        FamFinancial: ({ chance }) => chance(5, quote('Pays on the first of the month.'), "''"),
        Medical: ({ pick, chance }) => chance(20, pick(noteOpenings), "''"),
        MedicalComp: ({ pick, chance }) =>
          chance(20, `CONCAT(${pick(problems)}, '\r\n', ${pick(problems)})`, "''"),
        Treatment: ({ pick, chance }) => chance(15, pick(noteEndings), "''"),
        ICEName: ({ pick, chance }) =>
          chance(50, `CONCAT(${pick(relations)}, ' ', ${pick(lastNames)})`, "''"),
        ICEPhone: ({ below, chance }) => chance(50, phone(below(10000)), "''"),
        SecDateTEdit: ({ n, random }) => momentAt(shape, enteredDay(n), officeSeconds(random())),
        Consent: ({ below }) => below(2),
      },
    },
    {
      table: 'carrier',
      rows: carriers.length,
      columns: {
        CarrierName: ({ n }) => `ELT(${n}, ${carriers.map(quote).join(', ')})`,
        Address: ({ n }) => `CONCAT('PO Box ', 100 * ${n})`,
        City: ({ pick }) => pick(cities),
        State: quote('OR'),
        Zip: ({ below }) => `97000 + ${below(900)}`,
        Phone: ({ below }) => `CONCAT('(800)555-', LPAD(${below(10000)}, 4, '0'))`,
        ElectID: ({ below }) => `10000 + ${below(80000)}`,
      },
    },
    {
      table: 'employer',
      rows: employers.length,
      columns: { EmpName: ({ n }) => `ELT(${n}, ${employers.map(quote).join(', ')})` },
    },
    {
      table: 'insplan',
      rows: shape.plans,
      columns: {
        GroupName: ({ n }) => spreadPick(n, employers, 31),
        GroupNum: ({ below }) => `CONCAT(${below(100000)}, '-', ${below(100)})`,
        PlanNote: ({ chance }) => chance(10, quote('Waiting period of 12 months for crowns.'), "''"),
        FeeSched: '1',
        PlanType: ({ chance }) => chance(60, quote('p'), "''"),
        ClaimFormNum: '1',
        EmployerNum: ({ n }) => `1 + ${spread(n, employers.length, 31)}`,
        CarrierNum: ({ n }) => `1 + ${spread(n, carriers.length, 32)}`,
        MonthRenew: ({ chance }) => chance(10, '7', '0'),
        CobRule: ({ below }) => below(3),
      },
    },
    {
      table: 'inssub',
      rows: shape.patients,
      where: `(m.n - 1) % 3 = 0 AND ${isInsured('m.n')}`,
      columns: {
        PlanNum: ({ n }) => planOf(shape, n),
        Subscriber: ({ n }) => n,
        DateEffective: ({ n }) => dateAt(shape, enteredDay(n)),
        ReleaseInfo: '1',
        AssignBen: '1',
        SubscriberID: ({ below }) => `CONCAT('W', 100000000 + ${below(899999999)})`,
        SecDateTEdit: ({ n }) => momentAt(shape, enteredDay(n), '43200'),
      },
    },
    {
      table: 'patplan',
      rows: shape.patients,
      where: isInsured('m.n'),
      columns: {
        PatNum: ({ n }) => n,
        Ordinal: '1',
        Relationship: ({ n }) => `(${n} - 1) % 3`,
        InsSubNum: ({ n }) => guarantorOf(n),
        SecDateTEntry: ({ n }) => momentAt(shape, enteredDay(n), '43200'),
        SecDateTEdit: ({ n }) => momentAt(shape, enteredDay(n), '43200'),
      },
    },
    {
      table: 'benefit',
      rows: shape.plans * 6,
      columns: {
        PlanNum: ({ n }) => `1 + (${n} - 1) div 6`,
        CovCatNum: ({ n }) => `1 + ${n} % 6`,
        BenefitType: ({ n }) => `IF(${n} % 6 = 0, 5, 1)`,
        Percent: ({ n, pick }) => `IF(${n} % 6 = 0, -1, ${pick(['50', '80', '90', '100'])})`,
        MonetaryAmt: ({ n, pick }) => `IF(${n} % 6 = 0, ${pick(['1000', '1500', '2000'])}, -1)`,
        TimePeriod: '2',
      },
    },
    {
      table: 'recall',
      rows: shape.patients,
      columns: {
        PatNum: ({ n }) => n,
        DateDueCalc: ({ below }) => dateAt(shape, `${below(shape.workdaysBack + 200)} * 7 div 5`),
        DateDue: ({ below }) => dateAt(shape, `${below(shape.workdaysBack + 200)} * 7 div 5`),
        DatePrevious: ({ below, chance }) =>
          chance(80, dateAt(shape, `${below(shape.workdaysBack)} * 7 div 5`), quote('0001-01-01')),
        // Six months and a day, in Open Dental's packed form.
        RecallInterval: ({ chance }) => chance(85, '393217', '196609'),
        RecallStatus: ({ below, chance }) => chance(20, `50 + ${below(3)}`, '0'),
        Note: ({ chance }) => chance(5, quote('Prefers mornings.'), "''"),
        RecallTypeNum: ({ below }) => `1 + ${below(3)}`,
      },
    },
    {
      table: 'referral',
      rows: 25,
      columns: {
        LName: ({ pick }) => pick(lastNames),
        FName: ({ pick }) => pick(femaleNames),
        Telephone: ({ below }) => `5035550000 + ${below(10000)}`,
        IsDoctor: ({ below }) => below(2),
        BusinessName: ({ pick, chance }) => chance(40, pick(employers), "''"),
      },
    },
    {
      table: 'refattach',
      rows: Math.ceil(shape.patients / 4),
      columns: {
        ReferralNum: ({ below }) => `1 + ${below(25)}`,
        PatNum: ({ n }) => `${n} * 4 - 3`,
        ItemOrder: '1',
        // The old zero date is this table's own default.
        RefDate: ({ n, chance }) =>
          chance(15, quote('0000-00-00'), dateAt(shape, enteredDay(`${n} * 4 - 3`))),
        RefType: '1',
        Note: "''",
      },
    },
    {
      table: 'allergydef',
      rows: allergies.length,
      columns: { Description: ({ n }) => `ELT(${n}, ${allergies.map(quote).join(', ')})` },
    },
    {
      table: 'allergy',
      rows: Math.ceil(shape.patients / 5),
      columns: {
        AllergyDefNum: ({ below }) => `1 + ${below(allergies.length)}`,
        PatNum: ({ below }) => `1 + ${below(shape.patients)}`,
        Reaction: ({ pick }) => pick(['rash', 'hives', 'swelling', 'nausea', 'unknown']),
        StatusIsActive: '1',
      },
    },
    {
      table: 'diseasedef',
      rows: problems.length,
      columns: {
        DiseaseName: ({ n }) => `ELT(${n}, ${problems.map(quote).join(', ')})`,
        ItemOrder: ({ n }) => n,
      },
    },
    {
      table: 'disease',
      rows: Math.ceil(shape.patients / 3),
      columns: {
        PatNum: ({ below }) => `1 + ${below(shape.patients)}`,
        DiseaseDefNum: ({ below }) => `1 + ${below(problems.length)}`,
        PatNote: ({ chance }) => chance(20, quote('Under treatment.'), "''"),
        DateStart: ({ below, chance }) =>
          chance(40, `('1990-01-01' + INTERVAL ${below(11000)} DAY)`, quote('0001-01-01')),
      },
    },
    {
      table: 'medication',
      rows: medicines.length,
      columns: {
        MedName: ({ n }) => `ELT(${n}, ${medicines.map(quote).join(', ')})`,
        GenericNum: ({ n }) => n,
      },
    },
    {
      table: 'medicationpat',
      rows: Math.ceil(shape.patients / 2),
      columns: {
        PatNum: ({ below }) => `1 + ${below(shape.patients)}`,
        MedicationNum: ({ below }) => `1 + ${below(medicines.length)}`,
        PatNote: ({ pick }) => pick(['one daily', 'twice daily', 'as needed', '']),
      },
    },
    {
      table: 'rxpat',
      rows: shape.patients,
      columns: {
        PatNum: ({ below }) => `1 + ${below(shape.patients)}`,
        RxDate: ({ n }) => dateAt(shape, enteredDay(n)),
        Drug: ({ pick }) => pick(drugs),
        Sig: ({ pick }) =>
          pick(['1 tablet every 6 hours until gone', 'rinse twice daily', '1 as needed for pain']),
        Disp: ({ pick }) => pick(['12', '20', '28', '1 bottle']),
        Refills: '0',
        ProvNum: ({ n }) => providerOf(shape, n),
        PharmacyNum: '1',
        ClinicNum: '1',
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
      },
    },
    {
      table: 'treatplan',
      rows: shape.patients,
      columns: {
        PatNum: ({ n }) => n,
        DateTP: ({ n }) => dateAt(shape, enteredDay(n)),
        Heading: quote('Active Treatment Plan'),
        Note: ({ pick, chance }) => chance(40, pick(noteMiddles), "''"),
        TPStatus: '1',
        SecUserNumEntry: ({ below }) => `1 + ${below(shape.users)}`,
        SecDateEntry: ({ n }) => dateAt(shape, enteredDay(n)),
        SecDateTEdit: ({ n }) => momentAt(shape, enteredDay(n), '36000'),
      },
    },
    {
      table: 'statement',
      rows: shape.patients,
      columns: {
        PatNum: ({ n }) => guarantorOf(n),
        DateSent: ({ n }) => dateAt(shape, enteredDay(n)),
        DateRangeFrom: quote('0001-01-01'),
        DateRangeTo: quote('2200-01-01'),
        Note: quote('Thank you for your prompt payment.'),
        IsSent: '1',
        BalTotal: ({ below }) => `${below(150000)} / 100`,
      },
    },
    {
      table: 'patfield',
      rows: Math.ceil(shape.patients / 2),
      columns: {
        PatNum: ({ below }) => `1 + ${below(shape.patients)}`,
        FieldName: quote('How did you hear of us?'),
        FieldValue: ({ pick }) => pick(['Friend', 'Web search', 'Walked by', 'Insurance list']),
      },
    },
    {
      // Keys of a practice with replication: random, and beyond what a double can tell apart.
      table: 'apptfield',
      rows: 60,
      columns: {
        ApptFieldNum: ({ n, random }) => `(${random()} >> 3 << 32) + 4611686018427387904 + ${n}`,
        AptNum: ({ below }) => `1 + ${below(shape.appointments)}`,
        FieldName: quote('Ride needed'),
        FieldValue: ({ pick }) => pick(['Yes', 'No', '']),
      },
    },
    {
      table: 'popup',
      rows: Math.ceil(shape.patients / 20),
      columns: {
        PatNum: ({ n }) => patientOf(shape, n),
        Description: ({ pick }) => pick(noteEndings),
        UserNum: ({ below }) => `1 + ${below(shape.users)}`,
        DateTimeEntry: ({ n, random }) =>
          `IF(${isPast(shape, n)}, ${momentAt(shape, enteredDay(n), officeSeconds(random()))}, '0001-01-01 00:00:00')`,
      },
    },
  ];
}
