import type { CharacterSets, TextDecoding } from './readable-cell.js';

// Names in the Encoding Standard for character sets of MySQL and MariaDB. A few rare characters differ from
// those servers; a set in which letters would differ is not in the list.
const labels: Readonly<Record<string, string>> = {
  big5: 'big5',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp866: 'ibm866',
  cp932: 'shift_jis',
  euckr: 'euc-kr',
  gb18030: 'gb18030',
  gb2312: 'gbk',
  gbk: 'gbk',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin7: 'iso-8859-13',
  macroman: 'macintosh',
  sjis: 'shift_jis',
  ucs2: 'utf-16be',
  ujis: 'euc-jp',
  utf16: 'utf-16be',
  utf16le: 'utf-16le',
  utf8: 'utf-8',
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
};

const known = new Map<string, TextDecoding | null>();

/** The character sets that every browser has. */
export const webCharacterSets: CharacterSets = (characterSet) => {
  let decode = known.get(characterSet);
  if (decode === undefined) {
    decode = decodingOf(characterSet);
    known.set(characterSet, decode);
  }
  return decode;
};

function decodingOf(characterSet: string): TextDecoding | null {
  if (characterSet === 'ascii') return (bytes) => (bytes.some((byte) => byte >= 0x80) ? null : decode(bytes));
  if (!Object.hasOwn(labels, characterSet)) return null;
  const decoder = new TextDecoder(labels[characterSet], { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return null;
    }
  };
}

const utf8 = new TextDecoder();

function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
