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

/** The rows of a result. @throws the statement's error */
export function rowsOf(answer: StatementAnswer | undefined): readonly TextRow[] {
  if (answer === undefined) throw new RangeError('there are fewer results than statements');
  if (answer.rows === undefined) throw answer.error;
  return answer.rows;
}

/** A result as the driver has it. */
export type Answer = { readonly rows: readonly TextRow[] } | { readonly error: Error };

/** The packet that comes next in a result. */
type Phase = 'columns' | 'head' | 'rows';

/**
 * Several statements as one command of the driver: they are sent together and answered one after the other,
 * without a round trip between them. A statement that fails does not affect the others.
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
   * @param settle - called once, with the results in order; after a lost connection its error is the result
   *   of every statement without one
   * @param encoding - `latin1`: values as byte strings, one character for each byte
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

  /** @returns the result, once it is complete */
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

/** The sequence numbers of every result continue those of its own command. */
function expectAnswer(driver: DriverInternals): void {
  driver._resetSequenceId();
  driver._bumpSequenceId(1);
}

/** A column definition begins with its catalog, schema, table, and original table name. */
function nameOfColumn(packet: IncomingPacket): string {
  for (let i = 0; i < 4; i++) packet.readLengthCodedString('utf8');
  return packet.readLengthCodedString('utf8') ?? '';
}
