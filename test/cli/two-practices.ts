import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { type AdminCandidate, encryptArchive, sealFor } from '../../src/index.js';
import { adminOf, lightWork, storedOf } from '../admin/admins.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';

/** The passwords of Ada: of practice 4711, before and after the change. */
export const springPassword = 'spring meadow';
export const summerPassword = 'summer harbor';

/** A folder as support gets it: 30 archives of two practices, two of them bad, and one there twice. */
export interface TwoPractices {
  /** Of 4711, sealed with the older password; oldest first. */
  readonly spring: readonly string[];
  /** Of 4711, sealed with the newer one; oldest first. */
  readonly summer: readonly string[];
  /** Of 0815. */
  readonly others: readonly string[];
  /** The first of spring once more. */
  readonly copy: string;
  readonly cut: string;
  readonly foreign: string;
}

export async function fillWithTwoPractices(root: string): Promise<TwoPractices> {
  const store = createMemoryEnrollments();
  const ada = adminOf({ userName: 'Ada', stored: storedOf(springPassword, 'c3ByaW5n') });
  await enrollAdminWith(lightWork, ada, springPassword, { store });
  const spring = await nightsOf('4711', ada, 1, 8);
  const adaLater = adminOf({ userName: 'Ada', stored: storedOf(summerPassword, 'c3VtbWVy') });
  await changeAdminPasswordWith(
    lightWork,
    adaLater,
    { oldPassword: springPassword, newPassword: summerPassword },
    { store },
  );
  const summer = await nightsOf('4711', adaLater, 9, 15);
  const bob = adminOf({ userNum: '2', userName: 'Bob' });
  await enrollAdminWith(lightWork, bob, 'correct horse', { store });
  const others = await nightsOf('0815', bob, 1, 12);
  const copy = join(root, 'usb stick', 'from the office.tar.age');
  await mkdir(dirname(copy), { recursive: true });
  await cp(spring[0]!, copy);
  const cut = join(root, '4711', '2026-03-20', 'cut.tar.age');
  await mkdir(dirname(cut), { recursive: true });
  await writeFile(cut, (await readFile(summer[0]!)).subarray(0, -100));
  const foreign = join(root, 'letter.age');
  await writeFile(foreign, 'Dear colleagues, this is no archive.\n');
  return { spring, summer, others, copy, cut, foreign };

  async function nightsOf(
    practiceId: string,
    admin: AdminCandidate,
    first: number,
    last: number,
  ): Promise<readonly string[]> {
    const { recipients, keyHolder, unlock } = await sealFor(
      { kind: 'found', admin, warnings: [] },
      { store },
    );
    const paths: string[] = [];
    for (let day = first; day <= last; day += 1) {
      const night = `2026-03-${String(day).padStart(2, '0')}`;
      const label = { ...sampleLabel, practiceId, createdAt: `${night}T12:30:00.000Z`, keyHolder, unlock };
      const archive = encryptArchive(sampleParts({ tables: 1, partsPerTable: 1, rowsPerPart: 3 }), {
        recipients,
        label,
      });
      const path = join(root, practiceId, night, `${archive.label.archiveId}.tar.age`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, archive);
      paths.push(path);
    }
    return paths;
  }
}
