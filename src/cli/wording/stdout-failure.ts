/** The message for a failed write to stdout. */
export function stdoutFailure(systemCode: string | undefined): string {
  const isFull = systemCode === 'ENOSPC' || systemCode === 'EDQUOT';
  const what = isFull ? 'the disk is full' : 'its destination takes no more';
  const todo = isFull ? 'Free some space and run again.' : 'Check where it goes, and run again.';
  return `The output could not be written: ${what} (${systemCode ?? 'unknown'}). It is incomplete; remove it. ${todo}`;
}
