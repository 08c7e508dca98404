import type { Destination } from '../../eligibility/is-eligible.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { withRetry } from '../../storage/wrappers/with-retry.js';
import { abortableStore } from './abortable-store.js';
import { codeOf } from './failure.js';
import type { NightContext } from './night-context.js';

/** A store whose transient faults are retried as the plan says, with a line in the log. */
export function withPlanRetries(
  store: StorageAdapter,
  destination: Destination,
  { plan, emit, logger, tools }: Pick<NightContext, 'emit' | 'logger' | 'plan' | 'tools'>,
): StorageAdapter {
  const retry = plan[destination]?.retry;
  const abortable = abortableStore(store, tools.clock);
  if (retry === 'none') return abortable;
  return withRetry(abortable, {
    ...retry,
    onRetry: ({ operation, error, retriesLeft }) => {
      const code = codeOf(error);
      emit({ kind: 'retry', destination, code, retriesLeft });
      logger.warning('Retrying the store.', { destination, operation, code, retriesLeft });
    },
  });
}
