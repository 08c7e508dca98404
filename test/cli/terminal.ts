import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';

/** Why nothing can be shown on a terminal here; undefined when it can. */
export const whyNoTerminal: string | undefined =
  spawnSync('python3', ['-c', 'import pty, termios']).status === 0
    ? undefined
    : 'python3 with pty is missing';

// A pseudo-terminal of a size of its own. What is awaited may stand anywhere behind what was awaited before;
// an answer of one letter between angle brackets is a signal that Ctrl makes.
const program = `
import fcntl, json, os, pty, struct, sys, termios
spec = json.load(sys.stdin)
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', spec['rows'], spec['columns'], 0, 0))
    os.environ.update(spec['env'])
    os.execvp(spec['argv'][0], spec['argv'])
seen = b''
past = 0
answers = spec['answers']
while True:
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    while answers:
        at = seen.find(answers[0][0].encode(), past)
        if at < 0:
            break
        past = at + len(answers[0][0].encode())
        os.write(fd, answers[0][1].encode())
        answers = answers[1:]
sys.stdout.buffer.write(seen)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
`;

/** What somebody saw who typed a command. */
export interface Seen {
  readonly code: number | null;
  /** What stood on the terminal at the end, line by line, as far as it scrolled. */
  readonly lines: readonly string[];
}

/** Types a command on a terminal of 80 × 24, or of the size given, and answers what it asks. */
export async function onTerminal(
  argv: readonly string[],
  options: {
    readonly columns?: number;
    readonly rows?: number;
    readonly answers?: readonly (readonly [awaited: string, typed: string])[];
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Seen> {
  const { columns = 80, rows = 24, answers = [], env = {} } = options;
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(
    JSON.stringify({
      argv: [process.execPath, join(projectRoot, 'dist/src/cli/main.js'), ...argv],
      columns,
      rows,
      answers,
      env: { TERM: 'xterm', TZ: 'America/Chicago', SUPPLEMENTAL_BACKUP_AUDIT: '', ...env },
    }),
  );
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, lines: shown(Buffer.concat(pieces).toString()) };
}

/**
 * What a terminal shows of what was written to it, as far as this program writes: lines, returns, and a line
 * that is cleared.
 */
function shown(written: string): readonly string[] {
  const lines = [''];
  let column = 0;
  for (const [piece] of written.matchAll(/\u001b[78]|\u001b\[[0-9;?]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g)) {
    const last = lines.length - 1;
    if (piece === '\n') lines.push('');
    if (piece === '\n' || piece === '\r') column = 0;
    else if (piece.startsWith('\u001b')) {
      if (piece.endsWith('K')) lines[last] = lines[last]!.slice(0, column);
      else if (piece.endsWith('G')) column = Number(piece.slice(2, -1) || 1) - 1;
    } else {
      const before = lines[last]!.padEnd(column).slice(0, column);
      lines[last] = before + piece + lines[last]!.slice(column + piece.length);
      column += piece.length;
    }
  }
  return lines.map((line) => line.trimEnd());
}
