import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, so small that it can be filled. */
export interface SmallDisk {
  readonly path: string;
  /** Fills it, as somebody else's files would, but for so many bytes. @defaultValue to the last byte */
  fill(leave?: number): Promise<void>;
  /** Takes away what {@link SmallDisk.fill} wrote. */
  relieve(): Promise<void>;
  /** Unmounts it; what it held is gone. */
  stop(): Promise<void>;
}

/** Why there can be no small disk here, or undefined when there can be one. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'small disks are mounted on Linux only';
  return process.getuid?.() === 0 ? undefined : 'this user may not mount a small file system';
}

/** Mounts an empty disk of so many bytes. */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'sb-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
  const ballast = join(path, 'of-somebody-else');
  // A test that dies must not leave a mount behind; only SIGKILL can.
  const unmount = (): void => {
    execFileSync('umount', ['-l', path], { stdio: 'ignore' });
  };
  process.once('exit', unmount);
  return {
    path,
    async fill(leave = 0) {
      const { bavail, bsize } = await statfs(path);
      execFileSync('fallocate', ['-l', String(bavail * bsize - leave), ballast]);
    },
    relieve: () => rm(ballast, { force: true }),
    async stop() {
      process.removeListener('exit', unmount);
      unmount();
      await rm(path, { recursive: true, force: true });
    },
  };
}
