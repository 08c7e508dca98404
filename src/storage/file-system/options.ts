/** Options of {@link createFileSystemStorage}. */
export interface FileSystemStorageOptions {
  /**
   * An existing folder: local, mounted, or a share such as `\\server\backup`. It is never made, lest a copy
   * lands beside an unmounted share.
   */
  readonly path: string;
  /** Space to leave free, in bytes. @defaultValue 64 MiB */
  readonly reserveBytes?: number | undefined;
  /**
   * Age after which an unfinished file of another machine is removed, in milliseconds.
   *
   * @defaultValue 12 hours
   */
  readonly staleAfter?: number | undefined;
  /**
   * Longest that the folder may be silent in the middle of something, in milliseconds; then it is
   * `storage-transient`. So that a share that hangs holds nobody up, a process of its own works on it.
   * @defaultValue 60 seconds
   */
  readonly silence?: number | undefined;
  /**
   * Whether a process of its own works on the folder; without it nothing can be given up.
   *
   * @defaultValue true
   */
  readonly ownProcess?: boolean | undefined;
}
