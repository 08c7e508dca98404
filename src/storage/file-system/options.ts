/** Options of {@link createFileSystemStorage}. */
export interface FileSystemStorageOptions {
  /**
   * An existing folder: local, mounted, or a share such as `\\server\backup`. It is never created, because a
   * copy could end up beside an unmounted share.
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
   * Longest silence of the folder during an operation, in milliseconds; then the operation fails with
   * `storage-transient`. A separate process works on the folder, so that a share that hangs does not block
   * the host.
   *
   * @defaultValue 60 seconds
   */
  readonly silence?: number | undefined;
  /**
   * Whether a separate process works on the folder; without it a call that hangs cannot be abandoned.
   *
   * @defaultValue true
   */
  readonly ownProcess?: boolean | undefined;
}
