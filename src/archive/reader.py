#!/usr/bin/env python3
"""Turns the unpacked files of a supplemental backup into SQL, with nothing but Python 3.

    age -d -i key.txt BACKUP.tar.age | tar x
    python3 reader.py | mariadb --binary-mode --comments NEWDB

Arguments are names of tables, to take no others. The format is specified in FORMAT.md of the project.
"""
import base64
import gzip
import hashlib
import json
import re
import struct
import sys

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
        return lambda value: '_' + charset + " x'" + value.hex() + "'"
    if re.match('(tiny|medium|long)?blob|(var)?binary|bit|geom|point|linestring|polygon|multi|vector', kind):
        return lambda value: "x'" + value.hex() + "'"
    return lambda value: "'" + value.decode('ascii').replace('\\', '\\\\').replace("'", "''") + "'"


def name_of(name):
    return '`' + name.replace('`', '``') + '`'


def text_of(value):
    return "'" + value.replace('\\', '\\\\').replace("'", "''") + "'"


def emit(text, codec='utf-8'):
    sys.stdout.buffer.write(text.encode(codec) + b'\n')


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
    emit(own_sequence.sub(r'\1(', table['createStatement']) + ';')
    kept = [column for column in table['columns'] if column['form']]
    start = 'INSERT INTO %s (%s) VALUES' % (
        name_of(table['name']), ', '.join(name_of(column['name']) for column in kept))
    if table.get('versioned') == 'history':
        emit('SET system_versioning_insert_history = 1;')
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
                emit(start + '\n' + ',\n'.join(batch) + ';')
                batch, size = [], 0
            batch.append(line)
            size += len(line) + 2
        if batch:
            emit(start + '\n' + ',\n'.join(batch) + ';')
    if total != summary['rows']:
        raise ValueError('table %s has %d rows and should have %d' % (table['name'], total, summary['rows']))


def emit_object(thing):
    """A view, trigger, routine, event or sequence, under the settings it was made with."""
    if 'brokenAtSource' in thing:
        warn('%s %s is left out, as it was broken: %s' % (thing['kind'], thing['name'], thing['brokenAtSource']))
        return
    charset = thing.get('characterSetClient', 'utf8mb4')
    for setting, key in (('character_set_client', 'characterSetClient'), ('sql_mode', 'sqlMode'),
                         ('collation_connection', 'collationConnection'), ('time_zone', 'timeZone')):
        if key in thing:
            emit('SET %s = %s;' % (setting, text_of(thing[key])))
    if 'databaseCollation' in thing:
        emit('ALTER DATABASE COLLATE %s;' % thing['databaseCollation'])
    delimiter = '//'
    while delimiter in thing['createStatement']:
        delimiter += '/'
    # The client sends bytes as they are, so the statement must stand in the character set that was just announced.
    codec = {'latin1': 'cp1252', 'utf8': 'utf-8', 'utf8mb3': 'utf-8', 'utf8mb4': 'utf-8'}.get(charset, charset)
    emit('DELIMITER %s\n%s\n%s\nDELIMITER ;' % (delimiter, thing['createStatement'], delimiter), codec)
    if 'nextValue' in thing:
        emit('DO SETVAL(%s, %s, 0);' % (name_of(thing['name']), thing['nextValue']))
    emit(SESSION)


def in_order(objects):
    """Views after the views they may stand on; all else as it comes."""
    views = {thing['name']: thing['createStatement'] for thing in objects if thing['kind'] == 'view'}
    objects = list(objects)
    while objects:
        ready = next((thing for thing in objects if thing['kind'] != 'view' or not any(
            name_of(name) in thing['createStatement'] for name in views if name != thing['name'])), objects[0])
        objects.remove(ready)
        views.pop(ready['name'] if ready['kind'] == 'view' else None, None)
        yield ready


def warn(text):
    sys.stderr.write(text + '\n')


SESSION = """SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES', time_zone = '+00:00';
SET foreign_key_checks = 0, unique_checks = 1;
/*M!100201 SET check_constraint_checks = 0 */;"""


def main():
    with open('manifest.json', encoding='utf-8') as file:
        manifest = json.load(file)
    if manifest['format']['major'] != 1:
        sys.exit('this archive is of a newer format; use the reader.py that came with it')
    entries = {entry['name']: entry for entry in manifest['entries']}
    database = json.loads(load('database.json', entries))['database']
    objects = json.loads(load('objects.json', entries))
    wanted = sys.argv[1:]
    collation = 'ALTER DATABASE CHARACTER SET %s COLLATE %s;' % (database['characterSet'], database['collation'])
    emit(SESSION + '\n' + collation)
    # Columns may take their defaults from sequences, so these come first.
    for thing in [] if wanted else objects:
        if thing['kind'] == 'sequence':
            emit_object(thing)
    for summary in manifest['tables']:
        if not wanted or summary['name'] in wanted:
            table = json.loads(load('tables/%04d/table.json' % summary['index'], entries))
            emit_table(table, summary, entries, database['name'])
    for thing in [] if wanted else in_order([thing for thing in objects if thing['kind'] != 'sequence']):
        emit_object(thing)
    emit(collation)


if __name__ == '__main__':
    main()
