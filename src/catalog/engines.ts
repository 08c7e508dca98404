/** Whether an engine has snapshots: consistent reads without locks. */
export function isTransactional(engine: string): boolean {
  return /^(?:innodb|rocksdb|tokudb)$/i.test(engine);
}

/** Why the rows of an engine's tables are not in this database; undefined when they are (C10). */
export function rowsElsewhere(engine: string): string | undefined {
  switch (engine.toUpperCase()) {
    case 'MRG_MYISAM':
      return 'a MERGE table shows the rows of other tables';
    case 'BLACKHOLE':
      return 'a BLACKHOLE table keeps no rows';
    case 'CONNECT':
    case 'FEDERATED':
    case 'SPIDER':
    case 'S3':
      return `the rows of a ${engine} table are on another server or in files outside of the database`;
    default:
      return undefined;
  }
}
