import type { ValueForm } from '../model/parts.js';

const unsignedFlag = 0x20;

/**
 * How the binary protocol sends a column of a type code (`enum_field_types` of the server).
 *
 * @param type - the type byte of a column definition
 * @param flags - the flags of a column definition
 */
export function formOfWireType(type: number, flags: number): ValueForm {
  const unsigned = (flags & unsignedFlag) !== 0;
  switch (type) {
    case 0x01: // TINY
      return unsigned ? 'u8' : 'i8';
    case 0x02: // SHORT
      return unsigned ? 'u16' : 'i16';
    case 0x0d: // YEAR
      return 'u16';
    case 0x03: // LONG
    case 0x09: // INT24
      return unsigned ? 'u32' : 'i32';
    case 0x08: // LONGLONG
      return unsigned ? 'u64' : 'i64';
    case 0x04: // FLOAT
      return 'f32';
    case 0x05: // DOUBLE
      return 'f64';
    case 0x0a: // DATE
      return 'date';
    case 0x07: // TIMESTAMP
    case 0x0c: // DATETIME
      return 'datetime';
    case 0x0b: // TIME
      return 'time';
    default:
      return 'bytes';
  }
}
