export interface DecryptAgeOptions {
    readonly identities?: readonly (string | Identity)[] | undefined;
    readonly passphrase?: string | undefined;
    readonly maxScryptLogN?: number | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface EncryptAgeCommonOptions {
    readonly armor?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
}

export type EncryptAgeOptions = EncryptAgeCommonOptions & ({
    readonly recipients: readonly (string | Recipient)[];
    readonly passphrase?: never | undefined;
} | {
    readonly passphrase: string;
    readonly scryptLogN?: number | undefined;
    readonly recipients?: never | undefined;
});

export interface Identity {
    unwrapFileKey(stanzas: Stanza[]): Uint8Array | null | Promise<Uint8Array | null>;
}

export interface Recipient {
    wrapFileKey(fileKey: Uint8Array): Stanza[] | Promise<Stanza[]>;
}

export declare class Stanza {
    readonly args: string[];
    readonly body: Uint8Array;
    constructor(args: string[], body: Uint8Array);
}

export declare function decryptAge(source: ByteSource, options: DecryptAgeOptions): AsyncGenerator<Uint8Array>;

export declare function encryptAge(source: ByteSource, options: EncryptAgeOptions): AsyncGenerator<Uint8Array>;

export declare function generateHybridIdentity(): Promise<string>;

export declare function generateX25519Identity(): Promise<string>;

export declare function identityToRecipient(identity: string | CryptoKey): Promise<string>;
