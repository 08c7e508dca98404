import { quote } from './expressions.js';
import { dateAt, dayOf, momentAt, type Shape, type TablePlan, workdayOf } from './shape.js';

/**
 * Images kept inside the database, as base64 text: the part of a practice that no compression makes smaller.
 * Most documents are files in a folder of the server, and only their names are here.
 */
export function imagePlans(shape: Shape): readonly TablePlan[] {
  const documents = shape.patients;
  const images = Math.max(2, Math.floor(shape.patients / 75));
  const day = (n: string): string => dayOf(workdayOf(n, documents, shape.workdaysBack));
  return [
    {
      table: 'document',
      rows: documents,
      chunk: 300,
      columns: {
        Description: ({ pick }) =>
          pick(['Bitewings', 'Panoramic image', 'Insurance card', 'Consent', 'Letter', '']),
        DateCreated: ({ n }) => momentAt(shape, day(n), '40000'),
        DocCategory: ({ below }) => `100 + ${below(4)}`,
        PatNum: ({ n }) => n,
        FileName: ({ n }) => `CONCAT('img', LPAD(${n}, 7, '0'), '.jpg')`,
        ImgType: ({ below }) => `1 + ${below(3)}`,
        DegreesRotated: ({ pick, chance }) => chance(10, pick(['90', '180', '0.3333333', '271.5']), '0'),
        Note: "''",
        DateTStamp: ({ n }) => momentAt(shape, day(n), '40000'),
        // A whole image in one patient of 75, scanned into the database.
        RawBase64: ({ n }) =>
          `IF(${n} % ${Math.floor(documents / images)} = 1, ${image(n, Math.min(3900, 400 + images * 100))}, '')`,
      },
    },
    {
      table: 'documentmisc',
      rows: 3,
      chunk: 1,
      columns: {
        DateCreated: ({ n }) => dateAt(shape, `${n} * 1000`),
        FileName: ({ n }) => `CONCAT('part', ${n}, '.zip')`,
        DocMiscType: ({ n }) => `${n} % 2`,
        RawBase64: ({ n }) => image(`(-${n})`, Math.min(16000, 400 + images * 20)),
      },
    },
    {
      table: 'mount',
      rows: Math.ceil(shape.patients / 10),
      columns: {
        PatNum: ({ n }) => `${n} * 10 - 9`,
        DocCategory: '100',
        DateCreated: ({ n }) => momentAt(shape, day(`${n} * 10 - 9`), '40000'),
        Description: quote('FMX'),
        Width: '1600',
        Height: '900',
      },
    },
  ];
}

/** The head of a JPEG file and then 48 random bytes per step, as base64. */
function image(n: string, steps: number): string {
  return `(SELECT CONCAT('/9j/4AAQSkZJRgABAQEASABIAAD/', GROUP_CONCAT(TO_BASE64(UNHEX(SHA2(CONCAT(${n}, 'x', s.n), 384))) ORDER BY s.n SEPARATOR '')) FROM builder_numbers_again s WHERE s.n <= ${steps})`;
}
