/**
 * Every row of a database through one connection, and dropped: `floor.js URL HOW`.
 *
 * - `packets`: rows as text, as `SELECT` sends them; each packet is seen and let go, nothing is made of it
 * - `columns`: this library's own row reader: binary protocol, values sorted into columns
 * - `objects`: the driver's ordinary way, an object per row
 */
import { argv } from 'node:process';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import {
  type DriverCommand,
  type DriverInternals,
  driverInternals,
  driverOf,
  type IncomingPacket,
  packetOf,
} from '../../src/database/driver-internals.js';
import { quoteName } from '../../src/database/identifiers.js';
import { readRows } from '../../src/dump/row-reader.js';

const queryMark = 0x03;
const eofMark = 0xfe;
const errMark = 0xff;

/** COM_QUERY whose rows are counted. */
class DroppingCommand implements DriverCommand {
  readonly #sql: string;
  readonly #done: (error: Error | null) => void;
  #ends = 0;

  constructor(sql: string, done: (error: Error | null) => void) {
    this.#sql = sql;
    this.#done = done;
  }

  execute(packet: IncomingPacket | undefined, driver: DriverInternals): boolean {
    if (packet === undefined) {
      driver._resetSequenceId();
      driver.writePacket(packetOf(Buffer.concat([Uint8Array.of(queryMark), Buffer.from(this.#sql)])));
      return false;
    }
    const mark = packet.buffer[packet.offset];
    if (mark === errMark) {
      this.#done(packet.asError(driver.clientEncoding));
      return true;
    }
    // Two ends: of the columns, and of the rows.
    if (mark === eofMark && packet.end - packet.offset < 9 && ++this.#ends === 2) {
      this.#done(null);
      return true;
    }
    return false;
  }

  onResult(error: Error | null): void {
    if (error !== null) this.#done(error);
  }
}

function dropPackets(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    driverInternals(driverOf(connection)).addCommand(
      new DroppingCommand(sql, (error) => (error === null ? resolve() : reject(error))),
    );
  });
}

function dropObjects(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = driverOf(connection).query({ sql, typeCast: true });
    query.on('error', reject);
    query.on('result', () => undefined);
    query.on('end', () => resolve());
  });
}

const [, , url = '', how = 'packets'] = argv;
const address = parseDatabaseUrl(url);
const connection = await openConnection(address);
const { tables } = await readCatalog(connection);
for (const table of tables) {
  const sql = `SELECT * FROM ${quoteName(table.name)}`;
  if (how === 'objects') await dropObjects(connection, sql);
  else if (how === 'packets') await dropPackets(connection, sql);
  else {
    const forms = table.columns.map((column) => column.form).filter((form) => form !== null);
    for await (const _batch of readRows(connection, { sql, forms }));
  }
}
await connection.close();
