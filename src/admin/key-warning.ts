/** Something a person should know about who can open the backups, though they are made. */
export interface KeyWarning {
  /** For programs. */
  readonly code: KeyWarningCode;
  /** For people; holds no password and no hash. */
  readonly message: string;
}

/**
 * - `chain-broken`: the password was replaced without the old one; older archives keep opening with the old
 *   one only
 * - `chain-shortened`: the label has no room for the keys of all earlier passwords; the oldest are left out
 *   of it
 * - `clock-ahead`: a login lies in the future, so it is not believed when looking for the last administrator
 * - `enrollment-stale`: the password changed since the enrolment, which is therefore not used
 * - `key-exchanged`: the stored key did not open with its password; a new key was made. Archives sealed since
 *   it was stored may not open with the password
 * - `key-unproven`: the stored key is not the one that the last archives were sealed with, although the
 *   stored password is the same, and nothing shows that its holder changed it. The archive is sealed for the
 *   key of the last archives as well
 * - `holder-gone`: an archive's key holder is no administrator any more
 * - `kit-unreadable`: the recovery kits could not be read, so the archive opens with none of them
 * - `one-person`: only one administrator of today can open the archives
 * - `password-equals-user-name`, `password-short`, `password-weak`: easily guessed
 * - `password-unverified`: the database stores the password in a form that cannot be checked
 * - `record-changed`: somebody without the password changed the stored key; it was repaired
 * - `record-unreadable`: the stored key could not be read; it was replaced
 * - `stored-hash`: whoever can read the table of users can open the archive
 */
export type KeyWarningCode =
  | 'chain-broken'
  | 'chain-shortened'
  | 'clock-ahead'
  | 'enrollment-stale'
  | 'holder-gone'
  | 'key-exchanged'
  | 'key-unproven'
  | 'kit-unreadable'
  | 'one-person'
  | 'password-equals-user-name'
  | 'password-short'
  | 'password-unverified'
  | 'password-weak'
  | 'record-changed'
  | 'record-unreadable'
  | 'stored-hash';
