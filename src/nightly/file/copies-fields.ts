/** The fields of the file about the copies at a place. */
import type { RetentionPolicy } from '../retention.js';
import { described, type Field, group, maybe, orWord, patterned, whole } from './field.js';

const period: Field<string | undefined> = maybe(
  patterned(/^P(?=\d)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,4}D)?$/, 'an ISO 8601 duration such as P6M'),
);
const periods: Field<RetentionPolicy> = group<RetentionPolicy>({
  daily: period,
  weekly: period,
  monthly: period,
  yearly: period,
});
/** How long copies are kept. */
export const retention: Field<RetentionPolicy | 'keep-all' | undefined> = described(
  'Which copies are removed after a good night: how long the newest of each day, week, month and year stays, or keep-all.',
  maybe(orWord(periods, 'keep-all')),
);

/** How often copies are read again. */
export const scrubEveryNights: Field<number | 'never' | undefined> = described(
  'In how many nights every copy here is read again and compared with what was written; 28 if absent.',
  maybe(orWord(whole(1, 366), 'never')),
);
