import type { StoreType, TlsOptions, TlsStore } from '../host/index.js';

/** Files for encrypted connections; absolute paths, types by their ends (.pem, .jks, .p12 or .pfx) unless told. */
export interface TlsSettings {
  /** Whom to trust; those whom Node.js trusts when absent. */
  readonly trustStore?: string;
  readonly trustStoreType?: StoreType;
  readonly trustStorePassword?: string;
  /** This client's own key and certificates; none when absent. */
  readonly keyStore?: string;
  readonly keyStoreType?: StoreType;
  readonly keyStorePassword?: string;
  /** Must the certificate be for the host that was dialled? True when absent. */
  readonly verifiesServerHost?: boolean;
}

/** Settings in the form that `ClientOptions.tls` takes: TLS 1.2 and 1.3. */
export function tlsOptions(settings: TlsSettings): TlsOptions {
  const { trustStore, keyStore } = settings;
  return {
    keyStore: keyStore === undefined ? null : storeOf(keyStore, settings.keyStoreType, settings.keyStorePassword ?? ''),
    trustStore:
      trustStore === undefined ? null : storeOf(trustStore, settings.trustStoreType, settings.trustStorePassword ?? ''),
    clientAuth: 'none',
    protocols: ['TLSv1.2', 'TLSv1.3'],
    cipherSuites: [],
    verifiesServerHost: settings.verifiesServerHost ?? true,
    verifiesClientHost: false,
    asksReverseDns: false,
    checksRevocation: false,
    asksOcsp: false,
    crlPath: null,
  };
}

function storeOf(path: string, type: StoreType | undefined, password: string): TlsStore {
  return { path, type: type ?? typeOf(path), password, passwordPath: null };
}

function typeOf(path: string): StoreType {
  if (/\.jks$/i.test(path)) return 'JKS';
  return /\.(p12|pfx)$/i.test(path) ? 'PKCS12' : 'PEM';
}
