const names: ReadonlySet<string> = new Set(['information_schema', 'mysql', 'performance_schema', 'sys']);

/** Whether a database belongs to the server: accounts, logs and internal views, never a practice (O16). */
export function isSystemDatabase(name: string): boolean {
  return names.has(name.toLowerCase());
}
