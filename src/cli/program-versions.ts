import { version } from './version.js';

/** The versions that a page names as its origin. */
export function versionsOf(sbomSha256: string | undefined): {
  readonly product: string;
  readonly runtime: string;
  readonly sbomSha256?: string;
} {
  const made = { product: version, runtime: `Node.js ${process.versions.node}` };
  return sbomSha256 === undefined ? made : { ...made, sbomSha256 };
}
