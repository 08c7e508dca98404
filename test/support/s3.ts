import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './private-server.js';
import { startWatchdog } from './watchdog.js';

/**
 * A real S3-compatible store on loopback: one-node Ceph with its RADOS gateway, all in memory. It enforces
 * object lock, versioning, multipart rules, presigned URLs and If-None-Match on PutObject; flexible checksums
 * it takes, but does not verify. It is up in about twelve seconds.
 */
export interface ObjectStore {
  /** Such as `http://127.0.0.1:18000`; buckets are paths, not hosts. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Ends all processes and removes the files. */
  stop(): Promise<void>;
}

const programs = ['ceph', 'ceph-mon', 'ceph-osd', 'ceph-authtool', 'monmaptool', 'radosgw', 'radosgw-admin'];
const run = promisify(execFile);

/** Why there is no object store here, or undefined when there can be one. */
export function whyNoObjectStore(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const missing = programs.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return missing.length === 0
    ? undefined
    : `Ceph is missing (${missing.join(', ')}): apt-get install --no-install-recommends ceph-mon ceph-osd radosgw`;
}

/** Starts an empty store. */
export async function startObjectStore(): Promise<ObjectStore> {
  const missing = whyNoObjectStore();
  if (missing !== undefined) throw new Error(missing);
  const directory = mkdtempSync(join(tmpdir(), 'sb-s3-'));
  const watchdog = startWatchdog(directory);
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    const ended = children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve();
          else child.once('exit', () => resolve());
        }),
    );
    for (const child of children) {
      child.ref();
      child.kill('SIGKILL');
    }
    await Promise.all(ended);
    await watchdog.release();
  };
  const daemon = (program: string, args: readonly string[]): void => {
    const child = spawn(program, ['-f', ...args, '-c', join(directory, 'ceph.conf')], {
      stdio: 'ignore',
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) {
      watchdog.watch(pid);
      child.once('exit', () => watchdog.forget(pid));
    }
    child.once('error', () => undefined);
    child.unref();
    children.push(child);
  };
  const command = async (program: string, ...args: readonly string[]): Promise<string> => {
    const done = await run(program, [...args], {
      env: { ...process.env, CEPH_CONF: join(directory, 'ceph.conf') },
    });
    return done.stdout;
  };
  try {
    const [v1, v2, gateway] = [await freePort(), await freePort(), await freePort()];
    await prepareCluster(directory, command, { v1, v2, gateway });
    const keyring = join(directory, 'keyring');
    const conf = ['-c', join(directory, 'ceph.conf')];
    daemon('ceph-mon', ['-i', 'a']);
    await until('the monitor', directory, async () => {
      await command('ceph', ...conf, '--connect-timeout', '3', 'auth', 'import', '-i', keyring);
      return true;
    });
    const id = crypto.randomUUID();
    await command('ceph', ...conf, 'osd', 'new', id);
    await command('ceph', ...conf, 'auth', 'import', '-i', keyring);
    await command('ceph-osd', '--mkfs', '-i', '0', '--keyring', keyring, '--osd-uuid', id, ...conf);
    daemon('ceph-osd', ['-i', '0']);
    await until('the object storage daemon', directory, async () =>
      (await command('ceph', ...conf, 'osd', 'stat')).includes('1 up'),
    );
    daemon('radosgw', ['-n', 'client.rgw.a']);
    const endpoint = `http://127.0.0.1:${gateway}`;
    await until('the gateway', directory, async () => (await fetch(endpoint)).status > 0);
    const user = ['--uid=t', '--display-name=t', '--access-key=AKTEST', '--secret-key=SKTEST'];
    await command('radosgw-admin', ...conf, 'user', 'create', ...user);
    return { endpoint, region: 'us-east-1', accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST', stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Declares tests that need an object store; where Ceph is missing they show as skipped, with the reason. */
export function describeWithObjectStore(name: string, body: (store: () => ObjectStore) => void): void {
  const missing = whyNoObjectStore();
  describe(`${name} [s3]`, () => {
    if (missing !== undefined) {
      it('runs on an object store', { skip: missing }, () => undefined);
      return;
    }
    let store: ObjectStore | undefined;
    before(async () => {
      store = await startObjectStore();
    });
    after(async () => store?.stop());
    body(() => {
      if (store === undefined) throw new TypeError('store() is for use inside tests and hooks');
      return store;
    });
  });
}

async function prepareCluster(
  directory: string,
  command: (program: string, ...args: readonly string[]) => Promise<string>,
  ports: { readonly v1: number; readonly v2: number; readonly gateway: number },
): Promise<void> {
  for (const folder of ['mon', 'osd', 'mgr', 'rgw', 'run']) mkdirSync(join(directory, folder));
  const conf = join(directory, 'ceph.conf');
  const keyring = join(directory, 'keyring');
  const monmap = join(directory, 'monmap');
  const cluster = crypto.randomUUID();
  const monitor = `[v2:127.0.0.1:${ports.v2},v1:127.0.0.1:${ports.v1}]`;
  writeFileSync(
    conf,
    `[global]
fsid = ${cluster}
mon_host = ${monitor}
public_network = 127.0.0.0/8
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 2000
ms_bind_ipv6 = false
run_dir = ${directory}/run
admin_socket = ${directory}/run/$name.asok
log_file = ${directory}/$name.log
log_to_stderr = false
keyring = ${keyring}
[mon.a]
mon_data = ${directory}/mon
mon_data_avail_crit = 1
[osd]
osd_objectstore = memstore
osd_data = ${directory}/osd
memstore_device_bytes = 4294967296
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:${ports.gateway}
rgw_enable_usage_log = false
rgw_thread_pool_size = 32
rgw_data = ${directory}/rgw
rgw_gc_max_objs = 4
rgw_lc_max_objs = 2
rgw_usage_max_shards = 1
rgw_dynamic_resharding = false
rgw_num_rados_handles = 1
`,
  );
  await command('monmaptool', '--create', '--addv', 'a', monitor, '--fsid', cluster, monmap);
  const key = (name: string, ...capabilities: readonly string[]): Promise<string> =>
    command(
      'ceph-authtool',
      ...(existsSync(keyring) ? [] : ['-C']),
      keyring,
      '--gen-key',
      '-n',
      name,
      ...capabilities.flatMap((capability) => {
        const [subject = '', right = ''] = capability.split('=');
        return ['--cap', subject, right];
      }),
    );
  await key('mon.', 'mon=allow *');
  await key('client.admin', 'mon=allow *', 'osd=allow *', 'mgr=allow *', 'mds=allow *');
  await key('client.rgw.a', 'mon=allow *', 'osd=allow *', 'mgr=allow *');
  await key('osd.0', 'mon=allow profile osd', 'osd=allow *', 'mgr=allow profile osd');
  await command('ceph-mon', '--mkfs', '-i', 'a', '--keyring', keyring, '--monmap', monmap, '-c', conf);
}

async function until(what: string, directory: string, isReady: () => Promise<boolean>): Promise<void> {
  let last: unknown;
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    try {
      if (await isReady()) return;
    } catch (error) {
      last = error;
    }
    await delay(100);
  }
  const log = join(directory, 'mon.a.log');
  const tail = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-10).join('\n') : '';
  throw new Error(`${what} of the object store did not start:\n${tail}`, { cause: last });
}
