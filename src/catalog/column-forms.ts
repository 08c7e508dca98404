import type { ValueForm } from '../model/parts.js';

/**
 * How a column's values are stored in column parts.
 *
 * @param dataType - bare type as `information_schema` gives it, such as `bigint`
 * @param columnType - full type, such as `bigint(20) unsigned`
 */
export function formOfColumn(dataType: string, columnType: string): ValueForm {
  const unsigned = /\b(?:unsigned|zerofill)\b/i.test(columnType);
  switch (dataType.toLowerCase()) {
    case 'tinyint':
      return unsigned ? 'u8' : 'i8';
    case 'smallint':
      return unsigned ? 'u16' : 'i16';
    case 'int':
    case 'mediumint':
      return unsigned ? 'u32' : 'i32';
    case 'bigint':
      return unsigned ? 'u64' : 'i64';
    case 'year':
      return 'u16';
    case 'float':
      return 'f32';
    case 'double':
      return 'f64';
    case 'date':
      return 'date';
    case 'datetime':
    case 'timestamp':
      return 'datetime';
    case 'time':
      return 'time';
    case 'enum':
    case 'set':
      return 'u64';
    default:
      return 'bytes';
  }
}
