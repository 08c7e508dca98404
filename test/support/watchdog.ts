import { type ChildProcess, spawn } from 'node:child_process';

/** Ends processes and removes a directory when this process is gone, however it went. */
export interface Watchdog {
  /** From now on this process is ended too. */
  watch(pid: number): void;
  /** The process ended by itself: its number may soon belong to somebody else. */
  forget(pid: number): void;
  /** Ends what is watched and removes the directory now. */
  release(): Promise<void>;
}

// Signals handlers cannot help against SIGKILL; the end of a pipe is noticed whatever happens.
const script = `
pids=
while read -r word pid; do
  case $word in
    watch) pids="$pids $pid" ;;
    forget) kept=; for one in $pids; do [ "$one" = "$pid" ] || kept="$kept $one"; done; pids=$kept ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
tries=0
while [ -e "$1" ] && [ $tries -lt 50 ]; do
  rm -rf "$1" 2>/dev/null
  [ ! -e "$1" ] || { tries=$((tries+1)); sleep 0.1; }
done
`;

/** Starts the watchdog of a directory: a shell of its own session, so that Ctrl-C does not reach it. */
export function startWatchdog(directory: string): Watchdog {
  const shell: ChildProcess = spawn('/bin/sh', ['-c', script, 'watchdog', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  shell.unref();
  const pipe = shell.stdin!;
  pipe.on('error', () => undefined);
  (pipe as unknown as { unref?: () => void }).unref?.();
  return {
    watch: (pid) => void pipe.write(`watch ${pid}\n`),
    forget: (pid) => void pipe.write(`forget ${pid}\n`),
    async release() {
      shell.ref();
      pipe.end();
      await ended;
    },
  };
}
