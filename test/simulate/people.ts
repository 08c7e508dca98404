/** The administrators of a practice. */
import type { AdminCandidate } from '../../src/admin/resolve-last-admin.js';
import { Secret } from '../../src/admin/secret.js';
import { BackupError } from '../../src/errors.js';
import { day } from './faults.js';
import { time } from './time.js';

interface User {
  readonly userNum: string;
  isThere: boolean;
  hasPassword: boolean;
  epoch: number;
  lastLogin: number;
}

export class People {
  readonly #users: readonly User[] = ['1', '2', '3'].map((userNum) => ({
    userNum,
    isThere: true,
    hasPassword: true,
    epoch: 1,
    lastLogin: Number(userNum === '1'),
  }));
  #changedAt = 0;

  /** Who is there; null where that has just changed. */
  get living(): ReadonlySet<string> | null {
    if (time.now - this.#changedAt < 2 * day) return null;
    return new Set(this.#users.filter(({ isThere }) => isThere).map(({ userNum }) => userNum));
  }

  /** Whom archives are sealed for. @throws BackupError `no-usable-admin` */
  lastAdmin(): { readonly userNum: string; readonly epoch: number } {
    const [last] = this.#users.filter(({ isThere }) => isThere).sort((a, b) => b.lastLogin - a.lastLogin);
    if (last === undefined || !last.hasPassword) {
      throw new BackupError('no-usable-admin', 'The last administrator has no password.', {
        details: { reason: 'no-password' },
      });
    }
    return last;
  }

  admins(): readonly AdminCandidate[] {
    return this.#users
      .filter(({ isThere }) => isThere)
      .map(({ userNum, lastLogin }) => ({
        userNum,
        userName: `admin${userNum}`,
        isHidden: false,
        lastLogin: new Date(lastLogin).toISOString().slice(0, 19).replace('T', ' '),
        storedPassword: new Secret('hash'),
      }));
  }

  logsIn(userNum: string): void {
    this.#change(userNum, { lastLogin: time.now });
  }

  changesPassword(userNum: string): void {
    this.#change(userNum, { epoch: this.#of(userNum).epoch + 1 });
  }

  hasPassword(userNum: string, hasPassword: boolean): void {
    this.#change(userNum, { hasPassword });
  }

  isThere(userNum: string, isThere: boolean): void {
    this.#change(userNum, { isThere });
  }

  calm(): void {
    for (const user of this.#users) Object.assign(user, { isThere: true, hasPassword: true });
  }

  #of(userNum: string): User {
    return this.#users.find((user) => user.userNum === userNum)!;
  }

  #change(userNum: string, change: Partial<User>): void {
    Object.assign(this.#of(userNum), change);
    this.#changedAt = time.now;
  }
}
