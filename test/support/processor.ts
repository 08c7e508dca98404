/**
 * Milliseconds of the processor that this process spends on some work: unlike the time that passes, it says
 * the same on a busy machine. What other processes do for it does not count.
 */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
