#!/usr/bin/env python3
"""Turns the unpacked files of a supplemental backup into SQL, with nothing but Python 3.

    age -d -i key.txt BACKUP.tar.age | tar x
    python3 reader.py | mariadb --binary-mode --comments NEWDB

Arguments are names of tables, to take no others. The format is specified in FORMAT.md of the project.
"""
import base64
import calendar
import gzip
import hashlib
import json
import re
import struct
import sys
import time as clock_time

WIDTHS = {'i8': 1, 'u8': 1, 'i16': 2, 'u16': 2, 'i32': 4, 'u32': 4, 'f32': 4, 'i64': 8, 'u64': 8, 'f64': 8}
NUMBERS, DELTAS, STRINGS, REPEATED, PLANES, BASE64 = range(6)


class Cursor:
    """Reads bytes front to back."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        self.at += length
        if self.at > len(self.data):
            raise ValueError('a part ends too early')
        return self.data[self.at - length:self.at]

    def rest(self):
        return self.take(len(self.data) - self.at)

    def leb128(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def planes(self, count, width):
        """Planes laid side by side again: `count` values of `width` bytes (of as many as there are planes if None)."""
        planes = self.take(1)[0]
        width = planes if width is None else width
        mask = int.from_bytes(self.take((planes + 7) // 8), 'little')
        values = bytearray(count * width)
        for i in range(planes):
            values[i::width] = self.take(1) * count if mask >> i & 1 else self.take(count)
        return values, width


def numbers(cursor, encoding, width, count):
    """The values as unsigned integers."""
    if count == 0:
        return []
    first = int.from_bytes(cursor.take(width), 'little') if encoding == DELTAS else None
    base = int.from_bytes(cursor.take(width), 'little')
    count -= encoding == DELTAS
    offsets = struct.unpack('<%dQ' % count, cursor.planes(count, 8)[0])
    modulus = 1 << 8 * width
    if encoding == NUMBERS:
        return [(base + offset) % modulus for offset in offsets]
    values = [first]
    for offset in offsets:
        values.append((values[-1] + base + offset) % modulus)
    return values


def strings(cursor, encoding, count):
    if encoding == REPEATED:
        return [cursor.rest()] * count
    lengths = numbers(cursor, NUMBERS, 4, count)
    if encoding == STRINGS:
        return [cursor.take(length) for length in lengths]
    if encoding == BASE64:
        stored = [(cursor.take(mark >> 1), mark & 1) for mark in lengths]
        return [base64.b64encode(value) if is_text else value for value, is_text in stored]
    data, width = cursor.planes(count, None)
    return [bytes(data[i * width:i * width + length]) for i, length in enumerate(lengths)]


def column(segment, rows, form):
    """All values of a column: None, an int, a float or bytes."""
    cursor = Cursor(segment)
    tag = cursor.take(1)[0]
    encoding, kind = tag >> 2, tag & 3
    if kind == 2:
        return [None] * rows
    nulls = int.from_bytes(cursor.take((rows + 7) // 8), 'little') if kind == 1 else 0
    count = rows - bin(nulls).count('1')
    if form in WIDTHS:
        width = WIDTHS[form]
        values = numbers(cursor, encoding, width, count)
        if form[0] == 'i':
            half = 1 << 8 * width - 1
            values = [value - 2 * half if value >= half else value for value in values]
        if form[0] == 'f':
            code = ('I', 'f') if width == 4 else ('Q', 'd')
            packed = struct.pack('<%d%s' % (count, code[0]), *values)
            values = struct.unpack('<%d%s' % (count, code[1]), packed)
    else:
        values = strings(cursor, encoding, count)
    if cursor.rest():
        raise ValueError('a column is longer than its values')
    if nulls == 0:
        return values
    present = iter(values)
    return [None if nulls >> row & 1 else next(present) for row in range(rows)]


def columns(data, forms):
    """All columns of a column part."""
    cursor = Cursor(data)
    rows, count = cursor.leb128(), cursor.leb128()
    if count != len(forms):
        raise ValueError('a part has other columns than its table')
    lengths = [cursor.leb128() for _ in forms]
    return rows, [column(cursor.take(length), rows, form) for length, form in zip(lengths, forms)]


def clock(hours, rest):
    micros = '.%06d' % int.from_bytes(rest[2:6], 'little') if len(rest) > 2 else ''
    return '%02d:%02d:%02d%s' % (hours, rest[0], rest[1], micros)


def date(value):
    value = value or bytes(4)
    return '%04d-%02d-%02d' % (int.from_bytes(value[:2], 'little'), value[2], value[3])


def datetime(value):
    return date(value[:4]) + ' ' + clock(value[4] if len(value) > 4 else 0, value[5:] or bytes(2))


def time(value):
    value = value or bytes(8)
    hours = int.from_bytes(value[1:5], 'little') * 24 + value[5]
    return ('-' if value[0] else '') + clock(hours, value[6:])


def literal_of(column):
    """How values of a column are written in SQL. Hexadecimal keeps every byte whatever the character set."""
    form, kind, charset = column['form'], column['type'].lower(), column['characterSet']
    if kind.startswith('year(2)'):
        return lambda value: "'%02d'" % value  # 0 is the year 2000, and the number 0 may be none
    if form[0] in 'iu':
        return str
    if form[0] == 'f':
        return lambda value: repr(value) if 'e' in repr(value) else repr(value) + 'e0'
    if form != 'bytes':
        text = {'date': date, 'datetime': datetime, 'time': time}[form]
        return lambda value: "'" + text(value) + "'"
    if kind == 'json':
        charset = charset or 'utf8mb4'
    if charset and charset != 'binary':
        introducer = '_' + word(charset) + " x'"
        return lambda value: introducer + value.hex() + "'"
    if re.match('(tiny|medium|long)?blob|(var)?binary|bit|geom|point|linestring|polygon|multi|vector', kind):
        return lambda value: "x'" + value.hex() + "'"
    return plain_text


def plain_text(value):
    """A DECIMAL, UUID and the like, which must not come as bytes."""
    if not re.fullmatch(rb'[\w.:+-]*', value):
        raise ValueError('a value is not what its type says')
    return "'" + value.decode('ascii') + "'"


def word(text):
    """The name of a character set or collation, which cannot be quoted."""
    if not re.fullmatch('[A-Za-z0-9_]{1,64}', text):
        raise ValueError('%r is no name of a character set or collation' % text)
    return text


def name_of(name):
    return '`' + name.replace('`', '``') + '`'


def text_of(value):
    """Hexadecimal, so that no setting of the session and no client reads anything into it."""
    return "CONVERT(x'%s' USING utf8)" % value.encode('utf-8').hex() if value else "''"


def line_of(text):
    """Text for people, on one line."""
    return re.sub('[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\\\\\\\]+', ' ', text)


def emit(text):
    sys.stdout.buffer.write((text if isinstance(text, bytes) else text.encode('utf-8')) + b'\n')


STEP = re.compile(r'''/\*M?!\d*|\*/|/\*|--(?=[\s\x00-\x20]|$)|\#|[`'";\\]|delimiter(?=\s)|[^/*\-\#`'";\\dD]+|.''', re.I | re.S)


def look(text, mode=''):
    """What a stock client meets in a statement: whether it reads it whole, and whether it meets a semicolon or a comment.

    Without --binary-mode it obeys a backslash outside of quotes, the word delimiter, and the end of a statement.
    """
    modes = set(mode.upper().split(','))
    ansi = modes & {'ANSI', 'ANSI_QUOTES', 'DB2', 'MAXDB', 'MSSQL', 'ORACLE', 'POSTGRESQL'}
    at, semicolon, comment = 0, False, False
    while at < len(text):
        found = STEP.match(text, at).group()
        at += len(found)
        semicolon = semicolon or found == ';'
        if found == '\\' or found.lower() == 'delimiter' or '\0' in found:
            return False, semicolon, comment
        if found in ('/*', '#', '--'):
            comment = True
            end = text.find('*/' if found == '/*' else '\n', at)
            if end < 0 and found == '/*':
                return False, semicolon, comment
            at = len(text) if end < 0 else end + (2 if found == '/*' else 1)
        elif found in ('"', "'", '`'):
            is_name = found == '`' or found == '"' and ansi
            while True:
                if at >= len(text):
                    return False, semicolon, comment
                # Every client knows that a backslash does not hold on to the end of a name in backticks.
                if found == '`' and text[at:at + 2] == '\\`':
                    at += 1
                    continue
                # Else it stands for itself there, and for some clients takes what follows with it.
                if text[at] == '\\' and (is_name or 'NO_BACKSLASH_ESCAPES' in modes) and text[at + 1:at + 2] in (found, '\n', ''):
                    return False, semicolon, comment
                if text[at] == '\0':
                    return False, semicolon, comment
                if text[at] == '\\':
                    at += 2
                elif text[at] != found:
                    at += 1
                elif text[at:at + 2] == 2 * found:
                    at += 2
                else:
                    at += 1
                    break
    return True, semicolon, comment


def emit_statement(statement):
    """One statement: as it stands where every client reads it so, else as hexadecimal, which the server takes apart itself."""
    if look(statement) == (True, False, False) and '\\' not in statement:
        emit(statement + ';')
    else:
        emit("SET @supplemental_backup = x'%s';\n%s" % (statement.encode('utf-8').hex(), PREPARED))


PREPARED = '''PREPARE supplemental_backup FROM @supplemental_backup;
EXECUTE supplemental_backup;
DEALLOCATE PREPARE supplemental_backup;'''


NAME = r'(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[\w$\u0080-\uffff]+)'
GAP = r'(?:\s|/\*(?!M?!).*?\*/|(?:--(?=\s)|#)[^\n]*\n)'
DEFINER = r'DEFINER{g}*={g}*{n}(?:{g}*@{g}*{n})?'.format(g=GAP, n=NAME)


def unquoted(name):
    return name[1:-1].replace(2 * name[0], name[0]) if name[0] in '`"' else name


def check_kind(thing, kind):
    """Whoever can seal an archive can write anything where a definition should stand."""
    start = r'CREATE{g}+(?:(?:OR{g}+REPLACE|TEMPORARY|AGGREGATE|ALGORITHM\s*=\s*\w+|SQL{g}+SECURITY{g}+\w+|{d}){g}*)*{k}' \
            r'(?![\w$]){g}*(?:IF{g}+NOT{g}+EXISTS{g}*)?{o}({n})(?!{g}*\.)'.format(
                g=GAP, n=NAME, d=DEFINER, k=kind.upper().replace('-', GAP + '+'),
                # A trigger keeps the name of its database when it was made with one.
                o=r'(?:{n}{g}*\.{g}*)?'.format(n=NAME, g=GAP) if kind == 'trigger' else '')
    found = re.match(start, thing['createStatement'], re.I | re.S)
    if not found or unquoted(found.group(1)).lower() != thing['name'].lower():
        raise ValueError('what should define %s %s is something else' % (kind, line_of(thing['name'])))


def load(name, entries):
    """A file, checked against the manifest."""
    with open(name, 'rb') as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != entries[name]['sha256']:
        raise ValueError(name + ' is damaged')
    return data


def emit_table(table, summary, entries, database):
    # A default that comes from a sequence names its database, which may have another name now.
    own_sequence = re.compile(r'(nextval|lastval)\(%s\.' % re.escape(name_of(database)))
    check_kind(table, 'table')
    emit_statement(own_sequence.sub(r'\1(', table['createStatement']))
    kept = [column for column in table['columns'] if column['form']]
    start = 'INSERT INTO %s (%s) VALUES' % (
        name_of(table['name']), ', '.join(name_of(column['name']) for column in kept))
    if table.get('versioned') == 'history':
        emit('SET system_versioning_insert_history = 1;')
    # Some clients take a backslash in a name for the start of a command.
    put = emit_statement if re.search(r'[\\\0\r\n]', start[:-6]) else lambda text: emit(text + ';')
    literals = [literal_of(column) for column in kept]
    total = 0
    for sequence in range(1, summary['parts'] + 1):
        data = gzip.decompress(load('tables/%04d/%06d.cols.gz' % (table['index'], sequence), entries))
        rows, values = columns(data, [column['form'] for column in kept])
        total += rows
        texts = [['NULL' if value is None else literal(value) for value in of_column]
                 for literal, of_column in zip(literals, values)]
        batch, size = [], 0
        for row in zip(*texts) if texts else [()] * rows:
            line = '(' + ', '.join(row) + ')'
            if batch and size + len(line) > 500000:
                put(start + '\n' + ',\n'.join(batch))
                batch, size = [], 0
            batch.append(line)
            size += len(line) + 2
        if batch:
            put(start + '\n' + ',\n'.join(batch))
    if total != summary['rows']:
        raise ValueError('table %s has %d rows and should have %d' % (table['name'], total, summary['rows']))


CODECS = {'binary': 'utf-8', 'utf8': 'utf-8', 'utf8mb3': 'utf-8', 'utf8mb4': 'utf-8', 'ascii': 'ascii', 'latin1': 'cp1252',
          'latin2': 'iso8859-2', 'latin5': 'iso8859-9', 'latin7': 'iso8859-13', 'greek': 'iso8859-7', 'koi8r': 'koi8-r',
          'koi8u': 'koi8-u', 'cp850': 'cp850', 'cp852': 'cp852', 'cp866': 'cp866', 'cp1250': 'cp1250', 'cp1251': 'cp1251',
          'cp1256': 'cp1256', 'cp1257': 'cp1257', 'macroman': 'mac-roman', 'macce': 'mac-latin2', 'tis620': 'tis-620',
          'hebrew': 'iso8859-8'}


def own(text, database):
    """A definition whose names stand for the database it is loaded into."""
    def strip(found):
        return '' if found.group() == name_of(database) + '.' else found.group()
    return re.sub(r"'(?:[^'\\]|''|\\.)*'|`(?:[^`]|``)*`\.?", strip, text, flags=re.S)


def has_passed(event):
    """Whether its single moment has come: it would be made up for. A day more, for its time zone and until the script is run."""
    once = re.search(r"ON SCHEDULE AT '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", event['createStatement'])
    now = clock_time.time() + 172800
    return bool(once) and calendar.timegm(clock_time.strptime(once.group(1), '%Y-%m-%d %H:%M:%S')) < now


def bytes_of(thing, database):
    """The definition and the character set of its client; UTF-8 where there is no telling how that client wrote."""
    charset = word(thing.get('characterSetClient', 'utf8mb4'))
    if 'createStatementBytes' in thing and charset not in ('big5', 'cp932', 'gb18030', 'gbk', 'sjis'):
        text = base64.b64decode(thing['createStatementBytes']).decode('latin-1')
        return elsewhere(thing, text, database.encode('utf-8').decode('latin-1')).encode('latin-1'), charset
    text = elsewhere(thing, thing['createStatement'], database)
    try:
        return text.encode(CODECS.get(charset.lower(), 'ascii')), charset
    except UnicodeEncodeError:
        return text.encode('utf-8'), 'utf8mb4'


def elsewhere(thing, text, database):
    """A definition for the database it is loaded into."""
    if thing['kind'] in ('view', 'trigger'):
        return own(text, database)
    rests = thing['kind'] == 'event' and has_passed(thing)
    return re.sub(r'(\bPRESERVE )ENABLE\b', r'\1DISABLE', text, count=1) if rests else text


def set_session(thing, charset):
    """The settings that a thing was made with."""
    emit("SET character_set_client = '%s';" % charset)
    if 'collationConnection' in thing:
        emit("SET collation_connection = '%s';" % word(thing['collationConnection']))
    if 'timeZone' in thing:
        emit('SET time_zone = %s;' % text_of(thing['timeZone']))
    modes = thing.get('sqlMode', '')
    # MySQL 8 and newer refuse a list that holds one of these.
    left = ','.join(mode for mode in modes.split(',') if mode.upper() not in GONE_MODES)
    emit('SET sql_mode = %s;' % (text_of(modes) if left == modes else
         "IF(VERSION() NOT LIKE '%%MariaDB%%' AND CAST(VERSION() AS UNSIGNED) >= 8, %s, %s)" % (text_of(left), text_of(modes))))


GONE_MODES = {'NO_AUTO_CREATE_USER', 'NO_FIELD_OPTIONS', 'NO_KEY_OPTIONS', 'NO_TABLE_OPTIONS', 'DB2', 'MAXDB', 'MSSQL',
              'MYSQL323', 'MYSQL40', 'ORACLE', 'POSTGRESQL'}


def emit_sequence(thing):
    check_kind(thing, 'sequence')
    emit_statement(thing['createStatement'])
    if 'nextValue' in thing:
        emit_statement('DO SETVAL(%s, %d, 0)' % (name_of(thing['name']), int(thing['nextValue'])))


def emit_program(thing, database, moment):
    """A routine, trigger or event, under the settings it was made with."""
    check_kind(thing, thing['kind'])
    statement, charset = bytes_of(thing, database['name'])
    if not look(statement.decode('latin-1'), thing.get('sqlMode', ''))[0]:
        warn('%s %s is left out, as clients read it otherwise than servers' % (thing['kind'], line_of(thing['name'])))
        return
    if 'databaseCollation' in thing:
        emit("ALTER DATABASE COLLATE '%s';" % word(thing['databaseCollation']))
    set_session(thing, charset)
    if thing['kind'] == 'event':
        emit('SET timestamp = %d;' % moment)
    delimiter = b'//'
    while delimiter in statement or statement.endswith(b'/') and len(delimiter) == 2:
        delimiter += b'/'
    emit(b'DELIMITER ' + delimiter)
    emit(statement)
    emit(delimiter + b'\nDELIMITER ;')
    emit(SESSION)
    if 'databaseCollation' in thing:
        emit("ALTER DATABASE COLLATE '%s';" % word(database['collation']))


def emit_views(views, database):
    """Views may stand on each other: each is tried as often as it may take, and at the end once more, to fail."""
    rounds = 1 if len(views) < 2 else 2 if len(views) < 3 else 3
    emit("SET @supplemental_backup_made = '';")
    for _ in range(rounds):
        for number, thing in enumerate(views):
            check_kind(thing, 'view')
            statement, charset = bytes_of(thing, database)
            set_session(thing, charset)
            emit(TRY_VIEW % {'number': number, 'hex': statement.hex()})
            emit(SESSION)
    for number, thing in enumerate(views):
        if 'brokenAtSource' in thing:
            warn('%s %s was broken already, and may be missing: %s' % (
                thing['kind'], line_of(thing['name']), line_of(thing['brokenAtSource'])))
            continue
        statement, charset = bytes_of(thing, database)
        set_session(thing, charset)
        emit("SET @supplemental_backup = IF(FIND_IN_SET('%d', @supplemental_backup_made), x'%s', x'%s');\n%s" % (
            number, b'DO 0'.hex(), statement.hex(), PREPARED))
        emit(SESSION)


# A procedure runs under the settings that it was made under, and can go on after an error.
TRY_VIEW = """DROP PROCEDURE IF EXISTS supplemental_backup_view;
DELIMITER //
CREATE PROCEDURE supplemental_backup_view()
BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @supplemental_backup_failed = 1;
  IF NOT FIND_IN_SET('%(number)d', @supplemental_backup_made) THEN
    SET @supplemental_backup_failed = 0, @supplemental_backup = x'%(hex)s';
    PREPARE supplemental_backup FROM @supplemental_backup;
    IF NOT @supplemental_backup_failed THEN
      EXECUTE supplemental_backup;
      DEALLOCATE PREPARE supplemental_backup;
    END IF;
    IF NOT @supplemental_backup_failed THEN
      SET @supplemental_backup_made = CONCAT(@supplemental_backup_made, ',%(number)d');
    END IF;
  END IF;
END
//
DELIMITER ;
CALL supplemental_backup_view();
DROP PROCEDURE supplemental_backup_view;"""


def in_order(views):
    """Views after those they read from, as far as FROM and JOIN tell it."""
    names = {view['name'].lower(): view for view in views}
    done, under = [], set()

    def place(view):
        if view['name'] in under:
            return
        under.add(view['name'])
        for name in re.findall(r'\b(?:from|join)\b[\s(]*`((?:[^`]|``)*)`(?!\.)', view['createStatement'], re.I):
            below = names.get(name.replace('``', '`').lower())
            if below is not None:
                place(below)
        done.append(view)

    for view in views:
        place(view)
    return done


def warn(text):
    sys.stderr.write(text + '\n')


SESSION = """SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES', time_zone = '+00:00';
SET timestamp = DEFAULT;
SET foreign_key_checks = 0, unique_checks = 1;
/*M!100201 SET check_constraint_checks = 0 */;
/*M!100802 SET explicit_defaults_for_timestamp = 1 */;"""


def main():
    with open('manifest.json', encoding='utf-8') as file:
        manifest = json.load(file)
    if manifest['format']['major'] != 1:
        sys.exit('this archive is of a newer format; use the reader.py that came with it')
    entries = {entry['name']: entry for entry in manifest['entries']}
    database = json.loads(load('database.json', entries))['database']
    objects = json.loads(load('objects.json', entries))
    wanted = sys.argv[1:]
    collation = "ALTER DATABASE CHARACTER SET '%s' COLLATE '%s';" % (
        word(database['characterSet']), word(database['collation']))
    emit(SESSION + '\n' + collation)
    moment = calendar.timegm(clock_time.strptime(manifest['snapshotAt'][:19], '%Y-%m-%dT%H:%M:%S'))
    of = {kind: [] for kind in KINDS}
    for thing in [] if wanted else objects:
        of[thing['kind']].append(thing)
    # Columns may take their defaults from sequences, so these come first.
    for thing in of['sequence']:
        emit_sequence(thing)
    for summary in manifest['tables']:
        if not wanted or summary['name'] in wanted:
            table = json.loads(load('tables/%04d/table.json' % summary['index'], entries))
            emit_table(table, summary, entries, database['name'])
    for kind in ('function', 'procedure', 'package', 'package-body'):
        for thing in of[kind]:
            emit_program(thing, database, moment)
    emit_views(in_order(of['view']), database['name'])
    for kind in ('trigger', 'event'):
        for thing in sorted(of[kind], key=lambda thing: thing.get('actionOrder', 0)):
            emit_program(thing, database, moment)
    for thing in of['event']:
        if thing.get('status') == 'ENABLED' and has_passed(thing):
            warn('event %s is left disabled, as its moment has come' % line_of(thing['name']))
    emit('SET timestamp = DEFAULT;\n' + collation + "\nSELECT 'complete' AS script;")


KINDS = ('sequence', 'function', 'procedure', 'package', 'package-body', 'view', 'trigger', 'event')


def run():
    try:
        main()
    except BaseException:
        # Whoever reads from a pipe has the front already, and must not take it for the whole.
        emit("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'The script is not complete: see what reader.py said';")
        raise


if __name__ == '__main__':
    run()
