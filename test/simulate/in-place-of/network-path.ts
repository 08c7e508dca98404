/**
 * What the check by day tries of a network path: a helper process of its own, which a simulation must not
 * start.
 */
export async function checkNetworkPath(): Promise<void> {}

/** The same without writing. */
export async function lookAtNetworkPath(): Promise<void> {}
