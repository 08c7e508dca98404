import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';

/** A restore target: an address that names a database. */
export type TargetAddress = DatabaseAddress & { readonly database: string };

/** @throws TypeError when no database is named */
export function targetOf(address: DatabaseAddress): TargetAddress {
  checkAddress(address, 'target');
  const { database } = address;
  if (database === undefined || database === '') throw new TypeError('"target" must name a database');
  return { ...address, database };
}

/** The address of a target's server, without a selected database. */
export function serverOf({ database: _, ...server }: TargetAddress): DatabaseAddress {
  return server;
}
