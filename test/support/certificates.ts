import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A certificate authority of our own and what it signed, in files that are gone when the process is. */
export interface Certificates {
  /** For clients that are to trust it. */
  readonly authority: string;
  /** An authority that signed nothing. */
  readonly stranger: string;
  /** Files of a server at 127.0.0.1. */
  readonly server: { readonly certificate: string; readonly key: string };
  /** Files of a server somewhere else. */
  readonly elsewhere: { readonly certificate: string; readonly key: string };
}

/** Whether this machine can make certificates. */
export const canCertify: boolean = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'openssl')));

/** Makes them anew: nothing secret lies in the repository and nothing there runs out. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'sb-certificates-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  const request = (name: string, subject: string, ...more: readonly string[]): void => {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      at(`${name}.key`),
    ];
    const days = ['-days', '2', '-subj', `/CN=${subject}`, '-out', at(`${name}.pem`)];
    execFileSync('openssl', ['req', '-x509', ...key, ...days, ...more], { stdio: 'pipe' });
  };
  const signed = (name: string, subject: string, names: string) => {
    const by = ['-CA', at('authority.pem'), '-CAkey', at('authority.key')];
    request(
      name,
      subject,
      ...by,
      '-addext',
      `subjectAltName=${names}`,
      '-addext',
      'basicConstraints=CA:FALSE',
    );
    return { certificate: at(`${name}.pem`), key: at(`${name}.key`) };
  };
  request('authority', 'an authority of the tests');
  request('stranger', 'another authority of the tests');
  return {
    authority: readFileSync(at('authority.pem'), 'utf8'),
    stranger: readFileSync(at('stranger.pem'), 'utf8'),
    server: signed('server', 'server', 'IP:127.0.0.1'),
    elsewhere: signed('elsewhere', 'localhost', 'DNS:localhost,IP:127.0.0.2'),
  };
}
