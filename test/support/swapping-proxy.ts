import { connect, createServer, type Server, type Socket } from 'node:net';
import { isEof, isError } from '../../src/database/driver-internals.js';
import { FrameReader } from '../../src/database/frame-reader.js';

/**
 * Whether a command is to be run by another session than the client's own; told the command's packet and its
 * client.
 */
export type Choice = (command: Buffer, client: number) => boolean;

/**
 * A pool before a server, of the kind that gives the commands of one client to the session of another. Until
 * told which, every client keeps its own.
 */
export class SwappingProxy {
  readonly #server: Server;
  readonly #lines: Line[] = [];
  #choose: Choice | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(host: string, port: number): Promise<SwappingProxy> {
    const server = createServer({ noDelay: true }, (client) =>
      proxy.#join(client, connect({ port, host, noDelay: true })),
    );
    const proxy = new SwappingProxy(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** From now on the commands of `choose` go to the session that was opened last. */
  swap(choose: Choice): void {
    this.#choose = choose;
  }

  stop(): void {
    for (const { client, session } of this.#lines) {
      client.destroy();
      session.destroy();
    }
    this.#server.close();
  }

  #join(client: Socket, session: Socket): void {
    const line: Line = {
      client,
      session,
      frames: new FrameReader((...packet) => line.answering?.take(...packet)),
    };
    const index = this.#lines.push(line) - 1;
    for (const [one, other] of [
      [client, session],
      [session, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
    const commands = new Commands((command) => this.#run(index, command));
    client.on('data', (chunk: Buffer) => {
      // Until something is to be swapped, and that is between two answers, nothing need be understood.
      if (this.#choose === undefined) session.write(chunk);
      else commands.take(chunk);
    });
    session.on('data', (chunk: Buffer) => {
      (line.answering?.asker ?? client).write(chunk);
      if (line.answering !== undefined) line.frames.execute(chunk);
    });
  }

  /** Runs a command in the session that is chosen for it, to the end of its answer. */
  #run(client: number, command: Buffer): Promise<void> {
    const isSwapped = this.#choose?.(command, client) === true;
    const line = isSwapped ? this.#lines.at(-1)! : this.#lines[client]!;
    const asker = this.#lines[client]!.client;
    return new Promise((answered) => {
      const answering = new Answering(asker, command[4]!, () => {
        line.answering = undefined;
        answered();
      });
      line.answering = answering;
      line.session.write(command);
      answering.begin();
    });
  }
}

interface Line {
  readonly client: Socket;
  readonly session: Socket;
  readonly frames: FrameReader;
  /** The command that the session is answering, and whose it is. */
  answering?: Answering | undefined;
}

/** What a client says, command by command: the next is run when the one before it is answered. */
class Commands {
  readonly #run: (command: Buffer) => Promise<void>;
  #bytes: Buffer = Buffer.alloc(0);
  #isRunning = false;

  constructor(run: (command: Buffer) => Promise<void>) {
    this.#run = run;
  }

  take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (!this.#isRunning) void this.#runAll();
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUIntLE(0, 3)) {
      const end = 4 + this.#bytes.readUIntLE(0, 3);
      const command = this.#bytes.subarray(0, end);
      this.#bytes = this.#bytes.subarray(end);
      await this.#run(command);
    }
    this.#isRunning = false;
  }
}

const [comStmtPrepare, comStmtClose] = [0x16, 0x19];

/** Follows an answer to its end: an OK, an error, or as many end packets as it has lists. */
class Answering {
  readonly asker: Socket;
  readonly #kind: number;
  readonly #done: () => void;
  #ends = 0;
  #endsWanted: number | undefined;

  constructor(asker: Socket, kind: number, done: () => void) {
    this.asker = asker;
    this.#kind = kind;
    this.#done = done;
  }

  /** A statement is closed without an answer. */
  begin(): void {
    if (this.#kind === comStmtClose) this.#done();
  }

  take(buffer: Buffer, start: number, end: number): void {
    if (this.#endsWanted === undefined) this.#endsWanted = this.#listsIn(buffer, start);
    else if (isEof(buffer, start, end)) this.#ends++;
    if (isError(buffer, start) || this.#ends === this.#endsWanted) this.#done();
  }

  /**
   * How many lists follow the first packet: of columns and rows, or of a statement's parameters and columns.
   */
  #listsIn(buffer: Buffer, start: number): number {
    if (this.#kind === comStmtPrepare) {
      return [buffer.readUInt16LE(start + 5), buffer.readUInt16LE(start + 7)].filter((n) => n > 0).length;
    }
    return buffer[start] === 0 ? 0 : 2;
  }
}
