/**
 * Normalises what servers of different versions and vendors spell differently with the same meaning. Used
 * only for comparing across versions; two servers of one version must agree exactly.
 */

/** `bigint(20) unsigned` and `bigint unsigned` are the same type; the width matters only with ZEROFILL. */
export function normaliseType(type: string): string {
  const lower = type.replace(/^\w+/, (word) => word.toLowerCase());
  if (/zerofill/i.test(lower)) return lower;
  return lower.replace(/^((?:tiny|small|medium|big)?int|year)\(\d+\)/, '$1');
}

/** `utf8` was renamed to `utf8mb3`. Works for names of character sets and of collations. */
export function normaliseCharacterSet(name: string): string {
  return name.replace(/^utf8(?=_|$)/, 'utf8mb3');
}

/** MariaDB lists a default as an expression, MySQL as bare text. */
export function normaliseDefault(
  value: string | null,
  vendor: 'mariadb' | 'mysql',
  dataType: string,
  isExpression = false,
): string {
  if (value === null || (vendor === 'mariadb' && value === 'NULL')) return 'none';
  if (/^current_timestamp/i.test(value) && /^(?:datetime|timestamp)$/i.test(dataType))
    return value.toUpperCase().replace('()', '');
  if (isExpression) return `expression ${normaliseExpression(value)}`;
  const quoted = vendor === 'mariadb' ? /^'(.*)'$/s.exec(value) : null;
  const text =
    quoted === null
      ? value
      : quoted[1]!.replaceAll("''", "'").replaceAll(/\\(.)/gs, (_, char: string) => char);
  // A number may be written as 0 or '0', 0.0 or 0.00.
  const numeric = /^(?:tinyint|smallint|mediumint|int|bigint|decimal|float|double)$/i.test(dataType);
  return numeric && text !== '' && Number.isFinite(Number(text)) ? `number ${Number(text)}` : `text ${text}`;
}

/** The column's `EXTRA`, in lower case and without words that only some versions have. */
export function normaliseExtra(extra: string): string {
  return extra
    .toLowerCase()
    .replace('default_generated', '')
    .replaceAll('()', '')
    .replace('persistent', 'stored')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/**
 * An expression without what servers add to it. MySQL escapes the quotes of a stored one with backslashes,
 * and may show `_utf8mb4` before a literal when it is created and `_binary` when it is created again from
 * that text.
 */
export function normaliseExpression(expression: string): string {
  return expression
    .replaceAll("\\'", "'")
    .replaceAll(/[`\s()]|_(?:utf8mb[34]|latin1|binary)(?=')/g, '')
    .toLowerCase();
}

/** A statement with its definer in one spelling; how it is quoted depends on the session that created it. */
export function normaliseDefiner(statement: string): string {
  const part = '(?:`((?:[^`]|``)*)`|"([^"]*)"|([\\w.%]+))';
  return statement.replace(
    new RegExp(`^(CREATE\\s+DEFINER\\s*=\\s*)${part}@${part}`),
    (_, head: string, ...parts: (string | undefined)[]) => {
      const [user, host] = [parts.slice(0, 3), parts.slice(3, 6)].map((some) =>
        some.find((one) => one !== undefined),
      );
      return `${head}\`${user}\`@\`${host}\``;
    },
  );
}
