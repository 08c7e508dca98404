/** A file that keeps the processor busy for less of its time than this waits. */
const busy = 0.5;
/** How much of the processors may be idle before a file that waits has to wait itself. */
const idle = 0.8;

/**
 * In which order to begin: what takes longest first, so that nothing long is left alone at the end. Those that wait,
 * for servers or for time to pass, begin while others keep the processors busy, and these while a processor is idle.
 *
 * @param files - `seconds` that each takes, and those of the processor where they are known
 * @param slots - how many run at the same time
 * @param processors - how many processors there are
 */
export function inOrder(files, slots, processors) {
  const left = files
    .map((file) => ({ ...file, share: (file.processor ?? file.seconds) / Math.max(file.seconds, 0.1) }))
    .sort((a, b) => b.seconds - a.seconds);
  const order = [];
  let running = [];
  let now = 0;
  while (left.length > 0) {
    if (running.length === slots) {
      now = Math.min(...running.map(({ end }) => end));
      running = running.filter(({ end }) => end > now);
    }
    const isIdle = processors - running.reduce((sum, { share }) => sum + share, 0) > idle;
    const at = left.findIndex(({ share }) => share >= busy === isIdle);
    const [next] = left.splice(Math.max(at, 0), 1);
    order.push(next);
    running.push({ share: next.share, end: now + next.seconds });
  }
  return order;
}
