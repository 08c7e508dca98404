import { assertArgument, assertHttpUrl } from '../../arguments.js';
import type { AlertSink } from './alert.js';

/** Options of {@link createHealthcheckAlerts}. */
export interface HealthcheckOptions {
  /**
   * Called after a good night; `/fail` is added to its path after a bad one, before a query if it has one.
   * Such as `https://hc.example/ping/<uuid>`.
   */
  readonly url: string;
  /** Milliseconds to wait for an answer. @defaultValue 10_000 */
  readonly timeout?: number | undefined;
  /** @defaultValue the global `fetch` */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Pings a dead man's switch: a service that calls people when the nightly ping does not come. It also notices
 * what no alert in the office can tell: that the computer is off, or the service is gone.
 *
 * @throws TypeError when `url` is none
 * @example
 * ```ts
 * const alerts = createHealthcheckAlerts({ url: pingUrl });
 * await runSupplementalBackup({ ...plan, alerts });
 * ```
 */
export function createHealthcheckAlerts(options: HealthcheckOptions): AlertSink {
  assertArgument('options', options, 'object', { timeout: 'number?', fetch: 'function?' });
  assertHttpUrl('options.url', options.url);
  const { url, timeout = 10_000 } = options;
  const send = options.fetch ?? fetch;
  const failed = new URL(url);
  failed.pathname = `${failed.pathname.replace(/\/$/, '')}/fail`;
  return {
    // Single troubles are only shown in the office.
    raise: async () => undefined,
    clear: async () => undefined,
    async nightEnded(outcome, call) {
      const signals = [AbortSignal.timeout(timeout)];
      if (call?.signal !== undefined) signals.push(call.signal);
      const response = await send(outcome.ok ? url : failed.href, {
        method: 'POST',
        body: outcome.summary,
        signal: AbortSignal.any(signals),
      });
      await response.body?.cancel();
      // The URL is a secret, so the message does not contain it.
      if (!response.ok) throw new Error(`the health check answered ${response.status}`);
    },
  };
}
