import {
  commandBytes,
  type DriverCommand,
  type DriverInternals,
  type IncomingPacket,
  isEof,
  isError,
  queryCommand,
  textCommand,
} from './driver-internals.js';
import type { StatementAnswer, TextRow } from './session.js';

/** The rows of an answer. @throws what the statement failed with */
export function rowsOf(answer: StatementAnswer | undefined): readonly TextRow[] {
  if (answer === undefined) throw new RangeError('there are fewer answers than statements');
  if (answer.rows === undefined) throw answer.error;
  return answer.rows;
}

/** An answer as the driver has it. */
export type Answer = { readonly rows: readonly TextRow[] } | { readonly error: Error };

/** Where in an answer the command is. */
type Phase = 'columns' | 'head' | 'rows';

/**
 * Several statements, as one command of the driver: they are sent together and answered one after the other,
 * so that neither side waits for the other in between. One that fails leaves the others as they are.
 */
export class StatementsCommand implements DriverCommand {
  readonly #statements: readonly string[];
  readonly #settle: (answers: readonly Answer[]) => void;
  readonly #encoding: 'latin1' | 'utf8';
  readonly #answers: Answer[] = [];
  #phase: Phase = 'head';
  #columnsLeft = 0;
  #columns: string[] = [];
  #rows: Record<string, string | null>[] = [];

  /**
   * @param settle - called once, with the answers in order; when the connection was lost, that is the answer
   *   from the first on that did not come
   * @param encoding - `latin1`: values as strings of bytes, one character for each
   */
  constructor(
    statements: readonly string[],
    settle: (answers: readonly Answer[]) => void,
    encoding: 'latin1' | 'utf8' = 'utf8',
  ) {
    this.#statements = statements;
    this.#settle = settle;
    this.#encoding = encoding;
  }

  onResult(error: Error | null): void {
    if (error === null) return;
    this.#settle(this.#statements.map((_, i) => this.#answers[i] ?? { error }));
  }

  execute(packet: IncomingPacket | undefined, driver: DriverInternals): boolean {
    if (packet === undefined) {
      driver.stream.write(commandBytes(this.#statements.map((sql) => textCommand(queryCommand, sql))));
      expectAnswer(driver);
      return false;
    }
    const answer = this.#take(packet);
    if (answer === undefined) return false;
    this.#answers.push(answer);
    this.#phase = 'head';
    if (this.#answers.length < this.#statements.length) {
      expectAnswer(driver);
      return false;
    }
    this.#settle(this.#answers);
    return true;
  }

  /** @returns the answer, once it is whole */
  #take(packet: IncomingPacket): Answer | undefined {
    const { buffer, offset, end } = packet;
    if (isError(buffer, offset)) return { error: packet.asError('utf8') };
    switch (this.#phase) {
      case 'head': {
        if (buffer[offset] === 0) return { rows: [] };
        this.#columnsLeft = packet.readLengthCodedNumber();
        this.#columns = [];
        this.#rows = [];
        this.#phase = 'columns';
        return undefined;
      }
      case 'columns': {
        if (this.#columnsLeft-- > 0) this.#columns.push(nameOfColumn(packet));
        else this.#phase = 'rows';
        return undefined;
      }
      case 'rows': {
        if (isEof(buffer, offset, end)) return { rows: this.#rows };
        const row: Record<string, string | null> = {};
        for (const column of this.#columns) row[column] = packet.readLengthCodedString(this.#encoding);
        this.#rows.push(row);
        return undefined;
      }
    }
  }
}

/** Every answer counts its packets anew, after the one that asked for it. */
function expectAnswer(driver: DriverInternals): void {
  driver._resetSequenceId();
  driver._bumpSequenceId(1);
}

/** Before the name of a column stand its catalog, schema, table and the table's own name. */
function nameOfColumn(packet: IncomingPacket): string {
  for (let i = 0; i < 4; i++) packet.readLengthCodedString('utf8');
  return packet.readLengthCodedString('utf8') ?? '';
}
