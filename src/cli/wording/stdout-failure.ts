/** What to say when the place that stdout goes to takes no more. */
export function stdoutFailure(systemCode: string | undefined): string {
  const isFull = systemCode === 'ENOSPC' || systemCode === 'EDQUOT';
  const what = isFull ? 'has no room left' : 'takes no more';
  const todo = isFull ? 'Free some space and run again.' : 'Look at where it goes, and run again.';
  return `Where the output goes ${what} (${systemCode ?? 'unknown'}): what is there is not whole, remove it. ${todo}`;
}
