/** TLS as the core sees it: which files, which rules; never keys or certificates themselves. */

/** How a store is written. */
export type StoreType = 'PEM' | 'JKS' | 'PKCS12';

/** A file with keys or certificates. */
export interface TlsStore {
  /** Absolute. */
  readonly path: string;
  readonly type: StoreType;
  /** Empty: none. */
  readonly password: string;
  /** Absolute path of a file whose content is the password; it is read at every load. Null: `password` counts. */
  readonly passwordPath: string | null;
}

export const TLS_PROTOCOLS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type TlsProtocol = (typeof TLS_PROTOCOLS)[number];

/** Is the side that dials asked for a certificate? `want`: it may do without, but one that it shows must be good. */
export type ClientAuth = 'none' | 'want' | 'need';

/** One kind of connections: those of clients, or those between servers. Both sides of them share it. */
export interface TlsOptions {
  /** Key and certificates of this side. Null: it has none, and can only dial. */
  readonly keyStore: TlsStore | null;
  /** Whom to trust. Null: those whom the platform trusts. */
  readonly trustStore: TlsStore | null;
  readonly clientAuth: ClientAuth;
  /** Those allowed; what lies between the oldest and the newest is allowed, too. */
  readonly protocols: readonly TlsProtocol[];
  /** Names as in the TLS registry (`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`) or in OpenSSL; none: as the platform has it. */
  readonly cipherSuites: readonly string[];
  /** Must the certificate of who was dialled be for that host? */
  readonly verifiesServerHost: boolean;
  /** Must the certificate of who dialled be for the address it came from? */
  readonly verifiesClientHost: boolean;
  /** May the name service be asked which name that address has? */
  readonly asksReverseDns: boolean;
  /** Are revocation lists asked? They stand in the PEM trust store, or in `crlPath`. */
  readonly checksRevocation: boolean;
  /** Are the OCSP responders asked that certificates name? A certificate of which none tells that it is good is refused. */
  readonly asksOcsp: boolean;
  /** Absolute path of a PEM file with revocation lists; null: none beside the trust store. */
  readonly crlPath: string | null;
}

/** Loaded keys and certificates. What is connected already stays as it is when they change. */
export interface TlsContext {
  /** Takes the files anew when one of them changed; false: none has. After a `TlsError` the old ones stay in use. */
  reload(): Promise<boolean>;
  /** The same in two steps: what is answered takes them; null: none has changed. Throws a `TlsError`. */
  prepare(): Promise<(() => void) | null>;
}

export type TlsErrorCode =
  /** A file cannot be read. */
  | 'STORE_FILE'
  /** The password does not open the store. */
  | 'STORE_PASSWORD'
  /** The content is not what the type says, or lacks a key or a certificate. */
  | 'STORE_CONTENT'
  /** A cipher suite or protocol is not available. */
  | 'CIPHERS'
  /** Revocation is to be checked without lists. */
  | 'REVOCATION';

/** Keys, certificates or rules that cannot be used; the message names the file and the mend. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  constructor(
    readonly code: TlsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a handshake agreed on. */
export interface SocketSecurity {
  readonly protocol: string;
  readonly cipher: string;
  /** The other side's certificates (DER), its own first, proven; empty when it showed none. */
  readonly peerCertificates: readonly Buffer[];
}

export interface SecureOptions {
  readonly context: TlsContext;
  /** Which side this is. */
  readonly side: 'accept' | 'dial';
  /** For the whole handshake. */
  readonly timeoutMs: number;
  /** Whom this side wanted to reach: a host name or an address. Only for `dial`. */
  readonly peerHost?: string;
}
