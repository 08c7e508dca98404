export declare function fingerprintOf(recipient: string): string;

export declare function isSameAdmin(left: LastAdmin, right: LastAdmin): boolean;

export declare function unlockArchives(labels: readonly Label[], password: Password): Promise<readonly UnlockedIdentity[]>;
