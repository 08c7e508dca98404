/** Text in the character sets of MySQL and MariaDB, as those servers read it. */
import iconv from 'iconv-lite';

/** Decodes bytes; null when they are not valid. */
export type Decoder = (bytes: Uint8Array) => string | null;

/** Length in bytes of the character at a position. */
type Width = (bytes: Uint8Array, at: number) => number;

interface CharacterSet {
  /** The name in iconv-lite of the set, or of the most similar one. */
  readonly near: string;
  readonly width: Width;
  /**
   * Characters that the server decodes differently: bytes in hexadecimal and the character, one after
   * another.
   */
  readonly otherwise?: string;
  /** Whether the library and the server may decode a character differently; it then counts as unknown. */
  readonly isUnsure?: (code: number) => boolean;
}

const one: Width = () => 1;
const four: Width = () => 4;
const double: Width = (bytes, at) => (bytes[at]! >= 0x81 ? 2 : 1);
const shiftJis: Width = (bytes, at) => {
  const lead = bytes[at]!;
  return (lead >= 0x81 && lead <= 0x9f) || (lead >= 0xe0 && lead <= 0xfc) ? 2 : 1;
};
const eucJp: Width = (bytes, at) => (bytes[at] === 0x8f ? 3 : bytes[at]! >= 0x80 ? 2 : 1);
// Rows for user-defined characters, and those that each vendor filled with characters of its own.
const isVendorRow = (code: number): boolean =>
  (code >= 0xf5a1 && code <= 0xfefe) || code >= 0x8ff3a1 || code === 0x8fa2c3;

const single = (near: string, otherwise = ''): CharacterSet => ({ near, width: one, otherwise });

const sets: Readonly<Record<string, CharacterSet>> = {
  armscii8: single('armscii8', 'a2§ ad՟ fe’ a1❁'),
  ascii: single('ascii'),
  big5: {
    near: 'big5',
    width: double,
    otherwise: 'a246¢ a247£ a244¥ a145• a1c2‾ a1e3∼ a1f3☉ a1f2♁ a241／ a242＼ a14e､',
    isUnsure: (code) => (code >= 0xc6a1 && code <= 0xc7fe) || code === 0xa2ce,
  },
  cp1250: single('cp1250'),
  cp1251: single('cp1251'),
  cp1256: single('cp1256'),
  cp1257: single('cp1257'),
  cp850: single('cp850'),
  cp852: single('cp852'),
  cp866: single('cp866', 'fd² fcⁿ'),
  cp932: { near: 'cp932', width: shiftJis, isUnsure: (code) => code >= 0xf040 && code <= 0xf9fc },
  dec8: single('iso-8859-1', 'a8¤ fdÿ d7Œ f7œ ddŸ'),
  eucjpms: { near: 'eucjp', width: eucJp, isUnsure: isVendorRow },
  euckr: { near: 'cp949', width: double },
  gb2312: { near: 'gb2312', width: double, otherwise: 'a1aa― a1a4・' },
  gbk: { near: 'gbk', width: double },
  geostd8: single('georgianps', '80€ fd№'),
  greek: single('iso-8859-7', 'a2ʼ a1ʽ'),
  hebrew: single('iso-8859-8', 'af‾'),
  hp8: single('hproman8'),
  keybcs2: single(
    'cp437',
    '80Č 81ü 82é 83ď 84ä 85Ď 86Ť 87č 88ě 89Ě 8aĹ 8bÍ 8cľ 8dĺ 8eÄ 8fÁ 90É 91ž 92Ž 93ô 94ö 95Ó 96ů 97Ú 98ý 99Ö 9aÜ ' +
      '9bŠ 9cĽ 9dÝ 9eŘ 9fť a0á a1í a2ó a3ú a4ň a5Ň a6Ů a7Ô a8š a9ř aaŕ abŔ ac¼ ad¡',
  ),
  koi8r: single('koi8-r'),
  koi8u: single('koi8-u', '95•'),
  latin1: single('cp1252', '81\u0081 8d\u008d 8f\u008f 90\u0090 9d\u009d'),
  latin2: single('iso-8859-2'),
  latin5: single('iso-8859-9'),
  latin7: single('iso-8859-13'),
  macce: single('maccenteuro'),
  macroman: single('macintosh', 'bdΩ db€ f0\uf8ff'),
  sjis: { near: 'shiftjis', width: shiftJis, otherwise: '815f\\ 8191¢ 8192£ 81ca¬ 8161‖ 817c− 8160〜' },
  swe7: single('ascii', '5bÄ 5dÅ 40É 5cÖ 5eÜ 7bä 7då 60é 7cö 7eü'),
  tis620: single('iso-8859-11'),
  ujis: {
    near: 'eucjp',
    width: eucJp,
    otherwise: 'a1f1¢ a1f2£ a2cc¬ a1c2‖ a1dd− a1c1〜',
    isUnsure: (code) => (code >= 0xf5a1 && code <= 0xfefe) || code >= 0x8ff5a1,
  },
  utf32: { near: 'utf-32be', width: four },
};

const unicode: Readonly<Record<string, string>> = {
  gb18030: 'gb18030',
  ucs2: 'utf-16be',
  utf16: 'utf-16be',
  utf16le: 'utf-16le',
  utf8: 'utf-8',
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
};

/** @returns null for an unknown character set */
export function decoderFor(characterSet: string): Decoder | null {
  if (Object.hasOwn(unicode, characterSet)) return strict(unicode[characterSet]!);
  return Object.hasOwn(sets, characterSet) ? byCharacter(sets[characterSet]!) : null;
}

function strict(encoding: string): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return null;
    }
  };
}

/**
 * Decodes character by character, each through a cache: the library's result, unless the server's differs.
 */
function byCharacter({ near, width, otherwise = '', isUnsure = () => false }: CharacterSet): Decoder {
  const known = new Map<number, string | null>();
  for (const [, hex, character] of otherwise.matchAll(/([0-9a-f]+)(.)(?: |$)/gsu)) {
    known.set(Number.parseInt(hex!, 16), character!);
  }
  const decode = (bytes: Uint8Array): string | null => {
    const text = iconv.decode(bytes, near, { stripBOM: false });
    return text.includes('\ufffd') || text === '' ? null : text;
  };
  const isAsciiPlain = width !== four && ![...known.keys()].some((code) => code < 0x80);
  return (bytes) => {
    if (isAsciiPlain && isAscii(bytes)) return ascii.decode(bytes);
    let text = '';
    for (let at = 0; at < bytes.length; ) {
      const end = at + width(bytes, at);
      if (end > bytes.length) return null;
      let code = 0;
      for (let i = at; i < end; i += 1) code = code * 256 + bytes[i]!;
      let character = known.get(code);
      if (character === undefined) {
        character = isUnsure(code) ? null : decode(bytes.subarray(at, end));
        known.set(code, character);
      }
      if (character === null) return null;
      text += character;
      at = end;
    }
    return text;
  };
}

const ascii = new TextDecoder();

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

// Character sets in which a byte of a letter can look like a quote or a backslash to a client.
const confusing: ReadonlySet<string> = new Set(['big5', 'cp932', 'gb18030', 'gbk', 'sjis']);

/**
 * Encodes text in a character set in which a client may send statements.
 *
 * @returns null when the set cannot hold the text, or a client could take its letters for quotes
 */
export function encodeFor(characterSet: string, text: string): Buffer | null {
  const set = characterSet.toLowerCase();
  const utf8 = Buffer.from(text, 'utf8');
  if (isAscii(utf8) || /^(binary$|utf8)/.test(set))
    return /^(ucs2|utf16|utf16le|utf32|swe7)$/.test(set) ? null : utf8;
  if (confusing.has(set) || !Object.hasOwn(sets, set)) return null;
  const { near, width } = sets[set]!;
  const bytes = width === one ? encodeSingle(set, text) : iconv.encode(text, near);
  return bytes !== null && decoderFor(set)?.(bytes) === text ? bytes : null;
}

function encodeSingle(set: string, text: string): Buffer | null {
  const decode = decoderFor(set)!;
  const codes = new Map<string, number>();
  for (let code = 255; code >= 0; code -= 1) {
    const character = decode(Uint8Array.of(code));
    if (character !== null) codes.set(character, code);
  }
  const bytes: number[] = [];
  for (const character of text) {
    const code = codes.get(character);
    if (code === undefined) return null;
    bytes.push(code);
  }
  return Buffer.from(bytes);
}
