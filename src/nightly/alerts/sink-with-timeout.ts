import type { Clock } from '../service/clock.js';
import { withTimeout } from '../service/timeout.js';
import type { AlertSink } from './alert.js';

/** How long a sink may take for one call, in milliseconds. */
const timeout = 15_000;

/**
 * A sink with a timeout. After one it gets no more alerts in the same run; the next run raises them. The end
 * of the night is reported in any case.
 */
export function sinkWithTimeout(
  sink: AlertSink,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): AlertSink {
  let isSilent = false;
  const tell = async (call: (signal: AbortSignal) => Promise<void> | undefined): Promise<void> => {
    const tooLong = (): Error => {
      isSilent = true;
      return new AlertSinkSilent();
    };
    await withTimeout(async (ended) => call(ended), { clock, milliseconds: timeout, signal, tooLong });
  };
  const askOnce: typeof tell = async (call) => {
    if (isSilent) throw new AlertSinkSilent();
    await tell(call);
  };
  return {
    raise: (alert) => askOnce((ended) => sink.raise(alert, { signal: ended })),
    clear: (code) => askOnce((ended) => sink.clear(code, { signal: ended })),
    nightEnded: (outcome) => tell((ended) => sink.nightEnded?.(outcome, { signal: ended })),
  };
}

class AlertSinkSilent extends Error {
  override readonly name: 'AlertSinkSilent' = 'AlertSinkSilent';
}
