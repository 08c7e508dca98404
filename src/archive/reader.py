#!/usr/bin/env python3
"""Turns the unpacked files of a supplemental backup into SQL, with nothing but Python 3.

Anybody with the public key can write an archive, so nothing in it reaches the script without being quoted or checked.

    age -d -i key.txt BACKUP.tar.age | tar x
    python3 reader.py | mariadb --binary-mode --comments NEWDB

Arguments are names of tables, to export only those. Events are created disabled, unless --events-as-found is given. The
format is specified in FORMAT.md of the project.
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
        """Joins byte planes: `count` values of `width` bytes (if None, of as many as there are planes)."""
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
        raise ValueError('a part has another number of columns than its table')
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
    """A value of a type such as DECIMAL or UUID, which must be written as text."""
    if not re.fullmatch(rb'[\w.:+-]*', value):
        raise ValueError('a value does not fit its type')
    return "'" + value.decode('ascii') + "'"


def word(text):
    """The name of a character set or collation. It cannot be quoted, so it is checked."""
    if not re.fullmatch('[A-Za-z0-9_]{1,64}', text):
        raise ValueError('%r is not the name of a character set or collation' % text)
    return text


def name_of(name):
    return '`' + name.replace('`', '``') + '`'


def text_of(value):
    """Text as hexadecimal, which does not depend on settings of the session and is plain text to every client."""
    return "CONVERT(x'%s' USING utf8)" % value.encode('utf-8').hex() if value else "''"


def line_of(text):
    """Text for people, on one line."""
    return re.sub('[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\\\\\\\]+', ' ', text)


def emit(text):
    sys.stdout.buffer.write((text if isinstance(text, bytes) else text.encode('utf-8')) + b'\n')


STEP = re.compile(r'''/\*M?!\d*|\*/|/\*|--(?=[\s\x00-\x20]|$)|\#|[`'";\\]|delimiter(?=\s)|[^/*\-\#`'";\\dD]+|.''', re.I | re.S)


def look(text, mode=''):
    """How a stock client reads a statement: whether it reads it as a whole, and whether it finds a semicolon or a comment.

    Without --binary-mode it reacts to a backslash outside of quotes, to the word delimiter, and to the end of a statement.
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
                # To every client a backslash is an ordinary character in a name in backticks.
                if found == '`' and text[at:at + 2] == '\\`':
                    at += 1
                    continue
                # In other names and modes it is one to the server, but some clients treat it as an escape.
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
    """Writes a statement: unchanged if every client reads it alike, else as hexadecimal, which the server parses itself."""
    if look(statement) == (True, False, False) and '\\' not in statement:
        emit(statement + ';')
    else:
        emit("SET @supplemental_backup = x'%s';\n%s" % (statement.encode('utf-8').hex(), PREPARED))


PREPARED = '''PREPARE supplemental_backup FROM @supplemental_backup;
EXECUTE supplemental_backup;
DEALLOCATE PREPARE supplemental_backup;'''


class Refused(ValueError):
    """A definition that would create anything else than it claims. Anybody with the public key can forge one."""


TOKEN = re.compile(r'''(?P<space>[ \t\n\v\f\r]+)|(?P<word>[A-Za-z0-9_$\u0080-\U0010ffff]+)
    |(?P<comment>(?:\#|--(?=[\x00-\x20\x7f]|\Z))[^\n]*)|(?P<mark>/\*M?!\d*|\*/)|(?P<name>`[^`]*(?:``[^`]*)*`)
    |(?P<text>'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'|"[^"\\]*(?:(?:""|\\.)[^"\\]*)*")|(?P<symbol>[^`'"\x00])''', re.X | re.S)
NO_ESCAPES = re.compile(r"""'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*\"""")
# In these modes, text in double quotes is a name.
ANSI = {'ANSI', 'ANSI_QUOTES', 'DB2', 'MAXDB', 'MSSQL', 'ORACLE', 'POSTGRESQL'}


def tokens_of(text, mode='', in_bytes=False):
    """The tokens of a statement as a server reads it, each as (kind, text). A mark opens or closes a version comment."""
    if not re.fullmatch(r'([A-Za-z][A-Za-z0-9_]*(,[A-Za-z][A-Za-z0-9_]*)*)?', mode):
        raise Refused('its sql_mode is invalid')
    modes = set(mode.upper().split(','))
    is_ansi, has_escapes = bool(modes & ANSI), 'NO_BACKSLASH_ESCAPES' not in modes
    tokens, at, opened = [], 0, ''
    while at < len(text):
        quoted = text[at] in '\'"' and ('name' if text[at] == '"' and is_ansi else 'text')
        found = (TOKEN if not quoted or quoted == 'text' and has_escapes else NO_ESCAPES).match(text, at)
        if not found or len(tokens) > 1 << 20:
            raise Refused('something in it has no end')
        kind, piece = quoted or found.lastgroup, found.group()
        if kind == 'comment' and '\0' in piece:
            raise Refused('there is a zero byte in it')
        if piece == '/' and text.startswith('/*', at):
            end = text.find('*/', at + 2)
            if end < 0:
                raise Refused('a comment has no end')
            kind, piece = 'comment', text[at:end + 2]
        if kind == 'mark' and (opened != '') != (piece == '*/') or kind == 'comment' and opened:
            if piece != '*/':
                raise Refused('a comment begins within another')
            kind, piece = 'symbol', '*'
        if kind == 'mark':
            opened = '' if piece == '*/' else piece
        elif opened and '*/' in piece and int(re.sub(r'\D', '', opened) or 0) > 50500:
            raise Refused('a text reaches beyond the comment it stands in')
        tokens.append((kind, piece))
        at += len(piece)
    if opened:
        raise Refused('a comment has no end')
    for first, second, third in zip(tokens, tokens[1:], tokens[2:]):
        # In some character sets a letter beyond ASCII is white space, so that two dashes before it begin a comment.
        if first[1] == second[1] == '-' and '\x7f' < third[1][0] and (in_bytes or third[1][0] <= '\xa0'):
            raise Refused('a comment in it is unclear')
    return tokens


def is_word(token, *words):
    return token is not None and token[0] == 'word' and token[1].upper() in words


def content(token):
    """The value of a name, or of a text without escapes."""
    kind, text = token
    if kind not in ('name', 'word', 'text') or kind == 'text' and '\\' in text:
        raise Refused('a name is missing')
    return text[1:-1].replace(2 * text[0], text[0]) if text[0] in '`"\'' else text


# mysqldump puts the words of a trigger into version comments with these marks, and old servers kept them.
WRAPPING = {'/*!50001', '/*!50003', '/*!50013', '/*!50017', '/*!50020', '/*!50106', '/*!50117'}
GAP, OPEN, CLOSE = ('space', ' '), ('symbol', '('), ('symbol', ')')


class Head:
    """Reads the head of a definition token by token, and records what was read, without comments."""

    def __init__(self, tokens):
        self.tokens, self.at, self.read, self.is_wrapped = tokens, 0, [], False

    def passes_over(self, at):
        kind, text = self.tokens[at]
        return kind in ('space', 'comment') or kind == 'mark' and (text == '*/' or text in WRAPPING)

    def ahead(self, count):
        """The next significant tokens, without consuming them."""
        found, at = [], self.at
        while at < len(self.tokens) and len(found) < count:
            if not self.passes_over(at):
                found.append(self.tokens[at])
            at += 1
        return found + [None] * (count - len(found))

    def sees(self, *words):
        return all(is_word(token, word) for token, word in zip(self.ahead(len(words)), words))

    def sees_symbol(self, text):
        return self.ahead(1)[0] == ('symbol', text)

    def take(self):
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            passed = self.passes_over(self.at)
            self.at += 1
            if token[0] == 'mark':
                self.is_wrapped = token[1] != '*/'
            self.read.append(token if not passed or token[0] == 'space' else GAP)
            if not passed:
                return token
        raise Refused('it ends too early')

    def words(self, *words):
        for word in words:
            if not is_word(self.take(), word):
                raise Refused('it has no ' + word)

    def may(self, *words):
        sees = self.sees(*words)
        if sees:
            self.words(*words)
        return sees

    def symbol(self, text):
        if self.take() != ('symbol', text):
            raise Refused('it has no ' + text)

    def instead(self, start, text=''):
        """Replaces what was recorded since `start`."""
        self.read[start:] = [GAP, ('word', text)] if text else []

    def name(self, may_be_qualified=False):
        """A name without its database, since a script is loaded into another one."""
        start = len(self.read)
        name = content(self.take())
        is_doubtful = self.read[-1][1][0] == '"' and '\\' in name
        if may_be_qualified and self.sees_symbol('.'):
            self.symbol('.')
            name, is_doubtful = content(self.take()), True
        if is_doubtful:
            # Clients would not find the end of some names in double quotes.
            self.instead(start, name_of(name))
        if self.sees_symbol('.'):
            raise Refused('it names another database')
        return name

    def definer(self):
        """Reads DEFINER = …, if it follows, and records it in one spelling."""
        start = len(self.read)
        if not self.may('DEFINER'):
            return None
        self.symbol('=')
        user = self.take()
        if is_word(user, 'CURRENT_USER', 'CURRENT_ROLE'):
            who = user[1].upper()
            if self.sees_symbol('('):
                self.symbol('(')
                self.symbol(')')
        else:
            who = name_of(content(user))
            if self.sees_symbol('@'):
                self.symbol('@')
                host = content(self.take())
                while self.sees_symbol('.'):
                    self.symbol('.')
                    host += '.' + content(self.take())
                who += '@' + name_of(host)
        self.instead(start, 'DEFINER=' + who)
        return who

    def rest(self):
        left, self.at = self.tokens[self.at:], len(self.tokens)
        if self.is_wrapped:
            left.remove(('mark', '*/'))
        return left


# The beginnings of the version comments that servers write into definitions of tables.
VERSIONED = re.compile(r'''PARTITION\ BY\ |WITH\ PARSER\ |TABLESPACE\ |STORAGE\ (DEFAULT|DISK|MEMORY)\b
    |COLUMN_FORMAT\ (DEFAULT|DYNAMIC|FIXED)\Z|ALGORITHM\ =\ [12]\Z|(IN)?VISIBLE\Z|NOT\ ENFORCED\Z|NOT\ SECONDARY\Z|SRID\ \d+\Z
    |COMPRESSED\Z|(DEFAULT\ )?ENCRYPTION\ ?=|(SECONDARY_)?ENGINE_ATTRIBUTE\ ?=
    |(AUTOEXTEND_SIZE|SECONDARY_ENGINE|START\ TRANSACTION|COMPRESSION)\b''', re.X)
ITEMS = ('CHECK', 'CONSTRAINT', 'FOREIGN', 'FULLTEXT', 'INDEX', 'KEY', 'PERIOD', 'PRIMARY', 'SPATIAL', 'UNIQUE', 'VECTOR')
# A table of another engine may access another server, a file or a program.
ENGINES = {'archive', 'aria', 'blackhole', 'columnstore', 'csv', 'heap', 'innodb', 'maria', 'memory', 'merge', 'mroonga',
           'mrg_myisam', 'myisam', 'ndb', 'ndbcluster', 'rocksdb', 'sequence', 'tokudb', 'xtradb'}


def read_table(tokens, database):
    """Accepts CREATE TABLE name (columns and keys) options, and nothing that fills it, reads a file, or accesses anything
    outside of its database."""
    head = Head(tokens)
    head.words('CREATE', 'TABLE')
    name = head.name()
    head.symbol('(')
    rest = own([GAP if token[0] == 'comment' else token for token in head.rest()], database)
    check_marks(rest)
    counting = [at for at, token in enumerate(rest) if token[0] not in ('space', 'mark')]
    plain = [rest[at] for at in counting] + [None] * 4
    depth, end, is_parted, start, is_away = 1, None, False, 0, False
    for at, token in enumerate(plain[:-4]):
        depth += (token == OPEN) - (token == CLOSE)
        before, after = plain[at - 1] if at else ('symbol', ','), plain[at + 1]
        if depth < (end is None and token != CLOSE):
            raise Refused('a parenthesis is closed without being open')
        # The newest MySQL has texts between dollar signs.
        is_strange = token[0] == 'word' and ('$' in token[1] or not token[1].isascii())
        if is_word(token, 'SELECT') or is_strange or token[1] in (';', '\\'):
            raise Refused('there is more in it than a table')
        if token[0] in ('word', 'name') and content(token).lower() == 'load_file' and after == OPEN:
            raise Refused('it reads a file')
        if end is None:
            begins = before == ('symbol', ',') and depth - (token == OPEN) == 1
            if begins:
                start = at
            if is_word(token, 'REFERENCES'):
                if plain[start][0] == 'name':
                    raise Refused('a column refers to another table')
                # A key into another database would block deletions of rows there.
                is_away = is_away or plain[at + 2] == ('symbol', '.')
            if is_away and (depth == 0 or depth == 1 and token == ('symbol', ',')):
                if start == 0:
                    raise Refused('it has only a key into another database')
                for i in range(start - 1, at):
                    rest[counting[i]] = GAP
                is_away = False
                warn('a foreign key of table %s is left out, since it refers to another database' % line_of(name))
            if begins and token[0] != 'name' and not is_word(token, *ITEMS):
                raise Refused('a part of it is neither a column nor a key')
            if depth == 0:
                end = at
        elif is_word(token, 'DATA', 'INDEX') and is_word(after, 'DIRECTORY'):
            # A path on another server.
            last = at + 2 + (plain[at + 2] == ('symbol', '='))
            if plain[last] is None or plain[last][0] != 'text':
                raise Refused('it names no path')
            for i in range(at, last + 1):
                rest[counting[i]] = plain[i] = GAP
        elif token != GAP:
            is_parted = is_parted or is_word(token, 'PARTITION')
            check_option(plain, at, depth, is_parted)
    if end is None or depth:
        raise Refused('a parenthesis is left open')
    return name, head.read + rest


def check_marks(tokens):
    """Accepts only version comments that a server writes, and in which parentheses are balanced."""
    for at, (kind, text) in enumerate(tokens):
        if kind != 'mark' or text == '*/':
            continue
        inside = tokens[at + 1:tokens.index(('mark', '*/'), at)]
        words = ''.join(' ' if kind == 'space' else piece.upper() if kind == 'word' else piece for kind, piece in inside)
        if not re.fullmatch(r'/\*M?!\d{5,6}', text) or not VERSIONED.match(words.strip()):
            raise Refused('it has a version comment that no server writes')
        depth = 0
        for token in inside:
            depth += (token == OPEN) - (token == CLOSE)
            if depth < 0:
                break
        if depth:
            raise Refused('a comment opens or closes a parenthesis')


def check_option(plain, at, depth, is_parted):
    token, before, after = plain[at], plain[at - 1], plain[at + 1]
    is_value = before == ('symbol', '=')
    if is_word(token, 'DIRECTORY', 'CONNECTION') and not is_value:
        raise Refused('it accesses data outside of its database')
    if is_word(token, 'ENGINE') and not is_value:
        engine = plain[at + 2] if after == ('symbol', '=') else after
        if engine is None or content(engine).lower() not in ENGINES:
            raise Refused('its storage engine may access data outside of its database')
    if is_word(token, 'UNION') and (after != ('symbol', '=') or '.' in [text for _, text in plain[at:plain.index(CLOSE, at)]]):
        raise Refused('it reads tables of another database')
    if depth == 0 and is_word(token, 'AS', 'IGNORE', 'INTO', 'LIKE', 'REPLACE', 'TABLE', 'VALUES', 'WITH'):
        if not is_value and not (is_word(token, 'WITH') and is_word(after, 'SYSTEM')):
            raise Refused('it is filled from elsewhere')
    if depth == 0 and token[0] == 'symbol' and token[1] not in '=,.()-':
        raise Refused('there is more in it than a table')
    if depth == 1 and token == OPEN and not is_parted and not (is_value and is_word(plain[at - 2], 'UNION')):
        raise Refused('it is filled from elsewhere')


def read_program(kind, tokens, is_at_rest):
    """Reads a view, routine, package, trigger, event or sequence. Returns its name, its definer, the definition with its
    head rebuilt, and whether its end is certain."""
    head = Head(tokens)
    head.words('CREATE')
    if kind == 'view' and head.may('ALGORITHM'):
        head.symbol('=')
        head.take()
    definer = head.definer()
    if kind == 'view' and head.may('SQL', 'SECURITY'):
        head.take()
    if kind == 'function':
        head.may('AGGREGATE')
    head.words(*kind.upper().split('-'))
    start = len(head.read)
    if kind != 'view' and head.may('IF', 'NOT', 'EXISTS'):
        head.instead(start)
    name = head.name(kind == 'trigger')
    {'view': read_view, 'trigger': read_trigger, 'event': read_event, 'sequence': read_sequence}.get(
        kind, read_routine)(head, kind, is_at_rest)
    body = head.rest()
    is_sure = kind not in ('package', 'package-body')
    try:
        if is_sure and kind not in ('view', 'sequence'):
            Body(kind, body)
    except Refused:
        is_sure = False
    return name, definer, head.read + body, is_sure


def read_view(head, *_):
    while head.sees_symbol('(') or not head.sees('AS'):
        token = head.take()
        if token[0] in ('text', 'word') or token[0] == 'symbol' and token[1] not in '(,)':
            raise Refused('its column list is malformed')
    head.words('AS')
    for token in head.tokens[head.at:]:
        # A view has no INTO, and servers print no version comments in it.
        if is_word(token, 'INTO') or token == ('symbol', ';') or token[0] == 'mark' and token[1] != '*/':
            raise Refused('there is more in it than a view')


def read_trigger(head, *_):
    if not head.may('BEFORE') and not head.may('AFTER'):
        raise Refused('it has no trigger time')
    while not head.sees('ON'):
        if head.take()[0] == 'text':
            raise Refused('it has no trigger event')
    head.words('ON')
    head.name(True)
    head.words('FOR', 'EACH', 'ROW')


def read_routine(head, kind, _):
    # A function without a parameter list is a library on the server's computer.
    if kind == 'function' and not head.sees_symbol('('):
        raise Refused('it has no parameters')
    if kind == 'procedure' and not (head.sees_symbol('(') or head.sees('AS') or head.sees('IS')):
        raise Refused('it has no parameters')


def read_event(head, _, is_at_rest):
    head.words('ON', 'SCHEDULE')
    depth = 0
    while depth or not (head.sees('ON', 'COMPLETION') or is_word(head.ahead(1)[0], 'ENABLE', 'DISABLE', 'COMMENT', 'DO')):
        token = head.take()
        depth += (token == OPEN) - (token == CLOSE)
        if depth < 0 or token[1] == ';' or token[1].strip('`"').lower() in ('select', 'load_file'):
            raise Refused('its schedule is invalid')
    if head.may('ON', 'COMPLETION'):
        head.may('NOT')
        head.words('PRESERVE')
    else:
        head.instead(len(head.read), 'ON COMPLETION NOT PRESERVE ')
    start = len(head.read)
    if not head.may('ENABLE') and head.may('DISABLE') and head.may('ON') and not head.may('SLAVE'):
        head.words('REPLICA')
    if is_at_rest:
        head.instead(start, 'DISABLE ')
    if head.may('COMMENT') and head.take()[0] != 'text':
        raise Refused('its comment is not text')
    head.words('DO')


def read_sequence(head, *_):
    while head.ahead(1)[0]:
        kind, text = head.take()
        if kind == 'name' or kind == 'symbol' and text not in '-=' or text.lower() in ('select', 'as', 'like'):
            raise Refused('it is not a sequence')


SIMPLE = set('''ALTER ANALYZE CALL CHECK CHECKSUM CLOSE COMMIT CREATE DEALLOCATE DECLARE DELETE DO DROP EXECUTE FETCH FLUSH GET GRANT
    HANDLER INSERT ITERATE KILL LEAVE LOCK OPEN OPTIMIZE PREPARE RELEASE RENAME REPAIR REPLACE RESIGNAL RETURN REVOKE ROLLBACK
    SAVEPOINT SELECT SET SHOW SIGNAL START TRUNCATE UNLOCK UPDATE VALUES WITH'''.split())
BLOCKS = {'BEGIN', 'CASE', 'FOR', 'IF', 'LOOP', 'REPEAT', 'WHILE'}


class Body:
    """Follows the blocks of a program by the words that begin statements, and raises Refused in case of doubt.

    A client sends a text under its delimiter unchanged, and a server executes every statement in it, even one behind the body.
    """

    def __init__(self, kind, tokens):
        self.tokens = [token for token in tokens if token[0] not in ('space', 'comment')]
        self.at, self.open = 0, []
        # Only the newest MySQL has texts between dollar signs.
        self.sure(not any(kind == 'mark' or kind == 'word' and '$' in text for kind, text in self.tokens))
        if kind == 'trigger' and self.word() in ('FOLLOWS', 'PRECEDES'):
            self.at += 2
        if kind in ('function', 'procedure'):
            self.pass_parameters()
        while self.at < len(self.tokens):
            self.statement()
        self.sure(not self.open)

    def sure(self, is_so):
        if not is_so:
            raise Refused('where it ends is not certain')

    def piece(self, kind, ahead):
        at = self.at + ahead
        return self.tokens[at][1].upper() if 0 <= at < len(self.tokens) and self.tokens[at][0] == kind else ''

    def word(self, ahead=0):
        return self.piece('word', ahead)

    def symbol(self, ahead=0):
        return self.piece('symbol', ahead)

    def pass_parameters(self):
        """Continues to the first word that begins a statement."""
        depth = 0
        while self.at < len(self.tokens):
            depth += (self.symbol() == '(') - (self.symbol() == ')')
            self.sure(self.symbol() != ';')
            is_type = self.word() == 'SET' and self.word(-1) in ('RETURNS', 'CHARACTER')
            if depth == 0 and not is_type and (self.word() in SIMPLE | BLOCKS or self.symbol(1) == ':'):
                return
            self.at += 1
        self.sure(False)

    def statement(self):
        if self.symbol(1) == ':' and self.symbol(2) != '=':
            self.at += 2
            self.sure(self.word() in BLOCKS - {'CASE', 'IF'})
        word, inside = self.word(), self.open[-1] if self.open else ''
        if word == 'END':
            self.end(inside)
        elif word in BLOCKS:
            self.open.append(word)
            if word in ('IF', 'CASE', 'FOR', 'WHILE'):
                if word == 'CASE':
                    self.expression('WHEN')
                    self.at -= 1
                self.expression('DO' if word in ('FOR', 'WHILE') else 'THEN')
            else:
                self.at += 3 if (self.word(1), self.word(2)) == ('NOT', 'ATOMIC') else 1
        elif (word, inside) in (('ELSEIF', 'IF'), ('WHEN', 'CASE')):
            self.expression('THEN')
        elif word == 'ELSE' and inside in ('IF', 'CASE'):
            self.at += 1
        elif (word, inside) == ('UNTIL', 'REPEAT'):
            self.expression('END')
            self.at -= 1
            self.end(inside)
        elif word == 'DECLARE' and self.word(2) == 'HANDLER':
            self.handler()
        else:
            self.sure(word in SIMPLE or self.symbol() == '(')
            self.expression(';')
            self.sure(self.open or self.at >= len(self.tokens))

    def end(self, inside):
        self.at += 1
        self.sure(inside and inside in ('BEGIN', self.word()))
        self.at += inside != 'BEGIN'
        self.open.pop()
        # Its label.
        if self.at < len(self.tokens) and self.symbol() != ';':
            self.at += 1
        self.sure(self.at >= len(self.tokens) or self.symbol() == ';')
        self.at += 1
        self.sure(self.open or self.at >= len(self.tokens))

    def handler(self):
        self.at += 3
        self.sure(self.word() == 'FOR')
        while self.word() == 'FOR' or self.symbol() == ',':
            self.at += 1
            self.at += 1 + (self.word() in ('SQLSTATE', 'NOT')) + ((self.word(), self.word(1)) == ('SQLSTATE', 'VALUE'))

    def expression(self, stop):
        """Continues behind a word or symbol that cannot be part of an expression. The end of the text also ends a statement."""
        cases, depth = [], 0
        self.at += 1
        while self.at < len(self.tokens):
            word, symbol = self.word(), self.symbol()
            depth += (symbol == '(') - (symbol == ')')
            if symbol == ';' or word == stop and not cases and depth == 0 and self.symbol(-1) not in ('.', '@'):
                self.sure((symbol or word) == stop and not cases and depth == 0)
                self.at += 1
                return
            if self.symbol(-1) not in ('.', '@') and word in ('CASE', 'WHEN', 'THEN', 'ELSE', 'END'):
                # Before THEN, END can only be a name.
                self.sure(word == 'CASE' or cases and (word != 'END' or cases[-1] in ('THEN', 'ELSE')))
                if word != 'CASE':
                    cases.pop()
                if word != 'END':
                    cases.append(word)
            self.at += 1
        self.sure(stop == ';' and not cases and depth == 0)


def own(tokens, database):
    """Removes the database from names, so that they refer to the one that the script is loaded into."""
    qualifier = ('name', name_of(database))
    gone = {i for i, pair in enumerate(zip(tokens, tokens[1:])) if pair == (qualifier, ('symbol', '.'))}
    return [token for i, token in enumerate(tokens) if i not in gone and i - 1 not in gone]


def check_kind(thing, kind, statement=None, database='', in_bytes=False, is_at_rest=True):
    """The rebuilt definition, its definer, and whether it is certainly one statement. Raises Refused for anything else."""
    # Tables and sequences are created in a fixed mode.
    mode = '' if kind in ('table', 'sequence') else thing.get('sqlMode', '')
    tokens = tokens_of(thing['createStatement'] if statement is None else statement, mode, in_bytes)
    if kind == 'table':
        definer, is_sure = None, True
        name, made = read_table(tokens, database)
    else:
        name, definer, made, is_sure = read_program(kind, tokens, is_at_rest)
    # Letters beyond ASCII are other bytes in another character set, so they are not compared.
    fold = lambda text: re.sub('[^\x00-\x7f]+', '\x80', text.lower()) if in_bytes else text.lower()
    if fold(name) != fold(thing['name']):
        raise Refused('it has another name')
    return ''.join(text for _, text in (own(made, database) if kind in ('view', 'trigger') else made)), definer, is_sure


def load(name, entries):
    """Reads a file and checks it against the manifest."""
    with open(name, 'rb') as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != entries[name]['sha256']:
        raise ValueError(name + ' is damaged')
    return data


def emit_table(table, summary, entries, database):
    if (table['name'], table['index']) != (summary['name'], summary['index']):
        raise ValueError('a table is not the one in the manifest')
    emit_statement(check_kind(table, 'table', database=database)[0])
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


def has_passed(event):
    """Whether the single execution time of an event has passed: it would be executed at once. With a margin of two days, for
    its time zone and until the script is run."""
    once = re.search(r"ON SCHEDULE AT '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", event['createStatement'])
    now = clock_time.time() + 172800
    return bool(once) and calendar.timegm(clock_time.strptime(once.group(1), '%Y-%m-%d %H:%M:%S')) < now


def bytes_of(thing, database):
    """The bytes of the definition, and their character set: that of its client, or UTF-8 if that cannot be encoded here."""
    is_at_rest = thing['kind'] == 'event' and (not AS_FOUND or has_passed(thing))
    text, definer, is_sure = check_kind(thing, thing['kind'], database=database, is_at_rest=is_at_rest)
    charset = word(thing.get('characterSetClient', 'utf8mb4'))
    if definer:
        ACTS_FOR.add(definer)
    if 'createStatementBytes' in thing and charset.lower() not in ('big5', 'cp932', 'gb18030', 'gbk', 'sjis'):
        given = base64.b64decode(thing['createStatementBytes']).decode('latin-1')
        name = database.encode('utf-8').decode('latin-1')
        text, _, is_sure = check_kind(thing, thing['kind'], given, name, True, is_at_rest)
        return text.encode('latin-1'), charset, is_sure
    try:
        return text.encode(CODECS.get(charset.lower(), 'ascii')), charset, is_sure
    except UnicodeEncodeError:
        return text.encode('utf-8'), 'utf8mb4', is_sure


def set_session(thing, charset):
    """Applies the settings that an object was created with."""
    emit("SET character_set_client = '%s';" % charset)
    if 'collationConnection' in thing:
        emit("SET collation_connection = '%s';" % word(thing['collationConnection']))
    if 'timeZone' in thing:
        emit('SET time_zone = %s;' % text_of(thing['timeZone']))
    modes = thing.get('sqlMode', '')
    # MySQL 8 and newer refuse a list with one of these.
    left = ','.join(mode for mode in modes.split(',') if mode.upper() not in GONE_MODES)
    emit('SET sql_mode = %s;' % (text_of(modes) if left == modes else
         "IF(VERSION() NOT LIKE '%%MariaDB%%' AND CAST(VERSION() AS UNSIGNED) >= 8, %s, %s)" % (text_of(left), text_of(modes))))


GONE_MODES = {'NO_AUTO_CREATE_USER', 'NO_FIELD_OPTIONS', 'NO_KEY_OPTIONS', 'NO_TABLE_OPTIONS', 'DB2', 'MAXDB', 'MSSQL',
              'MYSQL323', 'MYSQL40', 'ORACLE', 'POSTGRESQL'}


def emit_sequence(thing):
    emit_statement(check_kind(thing, 'sequence')[0])
    if 'nextValue' in thing:
        emit_statement('DO SETVAL(%s, %d, 0)' % (name_of(thing['name']), int(thing['nextValue'])))


def emit_program(thing, database, moment):
    """A routine, trigger or event, with the settings it was created with."""
    statement, charset, is_sure = bytes_of(thing, database['name'])
    is_sure = is_sure and look(statement.decode('latin-1'), thing.get('sqlMode', ''))[0]
    if 'databaseCollation' in thing:
        emit("ALTER DATABASE COLLATE '%s';" % word(thing['databaseCollation']))
    set_session(thing, charset)
    if thing['kind'] == 'event':
        emit('SET timestamp = %d;' % moment)
    delimiter = b'//'
    while delimiter in statement or statement.endswith(b'/') and len(delimiter) == 2:
        delimiter += b'/'
    if is_sure:
        emit(b'DELIMITER ' + delimiter)
        emit(statement)
        emit(delimiter + b'\nDELIMITER ;')
    else:
        # Its end is not certain for every client, so it is prepared: a server accepts one statement or none. If it cannot
        # prepare such a statement, the rest of the script is not affected.
        MAY_MISS.add(thing['name'].lower())
        told = not_made('this server would have to read it as a client does', thing)
        emit("SET @supplemental_backup = IF(%s >= IF(VERSION() LIKE '%%MariaDB%%', 1006, %s), x'%s', x'%s');\n%s" % (
            VERSION, 800 if thing['kind'] == 'event' else 'NULL', statement.hex(), told.encode('utf-8').hex(), PREPARED))
    emit(SESSION)
    if 'databaseCollation' in thing:
        emit("ALTER DATABASE COLLATE '%s';" % word(database['collation']))


VERSION = "SUBSTRING_INDEX(VERSION(), '.', 1) * 100 + SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), '.', 2), '.', -1)"


def not_made(why, thing):
    return 'SELECT %s AS script' % text_of('not made, as %s: %s %s' % (why, thing['kind'], thing['name']))


def needing(views):
    """The names of views that mention something that may be absent, directly or through another view."""
    found, before = set(), None
    mentioned = {view['name'].lower(): {content(token).lower() for token in tokens_of(view['createStatement'], view.get('sqlMode', ''))
                                        if token[0] in ('name', 'word')} - {view['name'].lower()} for view in views}
    while found != before:
        before = set(found)
        found |= {name for name, names in mentioned.items() if names & (MAY_MISS | found)}
    return found


def emit_views(views, database):
    """Views may depend on each other: each is tried several times, and at the end once more, where an error ends the script."""
    needy = needing(views) if MAY_MISS else set()
    rounds = 1 if len(views) < 2 else 2 if len(views) < 3 else 3
    emit("SET @supplemental_backup_made = '';")
    for _ in range(rounds):
        for number, thing in enumerate(views):
            statement, charset, _ = bytes_of(thing, database)
            set_session(thing, charset)
            emit(TRY_VIEW % {'number': number, 'hex': statement.hex()})
            emit(SESSION)
    for number, thing in enumerate(views):
        if 'brokenAtSource' in thing:
            warn('%s %s was broken already, and may be missing: %s' % (
                thing['kind'], line_of(thing['name']), line_of(thing['brokenAtSource'])))
            continue
        if thing['name'].lower() in needy:
            emit("%s FROM (SELECT 1) AS one WHERE NOT FIND_IN_SET('%d', @supplemental_backup_made);" % (
                not_made('it needs something that is not here', thing), number))
            continue
        statement, charset, _ = bytes_of(thing, database)
        set_session(thing, charset)
        emit("SET @supplemental_backup = IF(FIND_IN_SET('%d', @supplemental_backup_made), x'%s', x'%s');\n%s" % (
            number, b'DO 0'.hex(), statement.hex(), PREPARED))
        emit(SESSION)


# A procedure runs with the settings with which it was created, and can continue after an error.
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
    """Views after the ones they read from, as far as FROM and JOIN show that."""
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
SET autocommit = 1;
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
    global AS_FOUND
    AS_FOUND = '--events-as-found' in sys.argv
    wanted = [name for name in sys.argv[1:] if name != '--events-as-found']
    collation = "ALTER DATABASE CHARACTER SET '%s' COLLATE '%s';" % (
        word(database['characterSet']), word(database['collation']))
    emit(SESSION + '\n' + collation)
    moment = calendar.timegm(clock_time.strptime(manifest['snapshotAt'][:19], '%Y-%m-%dT%H:%M:%S'))
    of = {kind: [] for kind in KINDS}
    for thing in [] if wanted else objects:
        of[thing['kind']].append(thing)
    # Defaults of columns may use sequences, so these come first.
    for thing in of['sequence']:
        unless_refused('sequence', thing, lambda: emit_sequence(thing))
    for summary in manifest['tables']:
        if not wanted or summary['name'] in wanted:
            table = json.loads(load('tables/%04d/table.json' % summary['index'], entries))
            unless_refused('table', table, lambda: emit_table(table, summary, entries, database['name']))
    for kind in ('function', 'procedure', 'package', 'package-body'):
        for thing in of[kind]:
            unless_refused(kind, thing, lambda: emit_program(thing, database, moment))
    views = [view for view in of['view'] if unless_refused('view', view, lambda: bytes_of(view, database['name']))]
    emit_views(in_order(views), database['name'])
    for kind in ('trigger', 'event'):
        for thing in sorted(of[kind], key=lambda thing: thing.get('actionOrder', 0)):
            unless_refused(kind, thing, lambda: emit_program(thing, database, moment))
    for thing in of['event']:
        if thing.get('status') == 'ENABLED' and (not AS_FOUND or has_passed(thing)):
            warn('event %s is left disabled%s' % (line_of(thing['name']), ', as its moment has come' if AS_FOUND else ''))
    if ACTS_FOR:
        warn('Look at what views, routines, triggers and events do before anybody uses them. They act for ' +
             line_of(', '.join(sorted(ACTS_FOR))))
    if LEFT_OUT:
        sys.exit('%d definitions would create something else than they claim, and were left out. Find out who made this '
                 'archive.' % len(LEFT_OUT))
    emit('SET timestamp = DEFAULT;\n' + collation + "\nSELECT 'complete' AS script;")


AS_FOUND, ACTS_FOR, LEFT_OUT, MAY_MISS = False, set(), [], set()


def unless_refused(kind, thing, emit_it):
    """Runs `emit_it`. A refused definition is in the script only as a comment, and the rows of such a table are left out."""
    try:
        emit_it()
        return True
    except Refused as refused:
        text = 'Left out, as %s: %s %s' % (refused, kind, line_of(str(thing['name'])))
        warn(text)
        emit('-- %s\n-- %s' % (text, line_of(str(thing['createStatement'])[:2000])))
        LEFT_OUT.append(text)
        MAY_MISS.add(str(thing['name']).lower())
        return False


KINDS = ('sequence', 'function', 'procedure', 'package', 'package-body', 'view', 'trigger', 'event')


def run():
    try:
        main()
    except BaseException:
        # The consumer of a pipe has the beginning already, and must not take it for the whole script.
        emit("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'The script is not complete: see what reader.py said';")
        raise


if __name__ == '__main__':
    run()
