import { posix } from 'node:path';
import type { StoreType, TlsOptions, TlsProtocol, TlsStore } from '../host/index.js';
import { TLS_PROTOCOLS } from '../host/index.js';
import type { Faults } from './fault.js';
import type { Origin } from './origin.js';
import type { Setting } from './settings.js';

/** TLS of one kind of connections: `ssl.` those of clients, `ssl.quorum.` those between servers. */
export interface TlsSettings {
  readonly options: TlsOptions;
  /** How long a port for both waits for the byte that tells TLS from plain; also the limit of a handshake. */
  readonly handshakeTimeoutMs: number;
}

export type TlsPrefix = 'ssl.' | 'ssl.quorum.';

interface TlsInput {
  readonly settings: ReadonlyMap<string, Setting>;
  readonly faults: Faults;
  readonly absolute: (path: string) => string;
}

const DEFAULT_TIMEOUT_MS = 5000;
const SUFFIXES: Readonly<Record<string, StoreType>> = { '.jks': 'JKS', '.pem': 'PEM', '.p12': 'PKCS12' };

/** Reads the settings that begin with `prefix`. Null, with a fault, when they cannot be used; `wantedBy` needs them. */
export function tlsSettings(input: TlsInput, prefix: TlsPrefix, wantedBy: string): TlsSettings | null {
  return new TlsReader(input, prefix).read(wantedBy);
}

class TlsReader {
  private isSound = true;

  constructor(
    private readonly input: TlsInput,
    private readonly prefix: TlsPrefix,
  ) {}

  read(wantedBy: string): TlsSettings | null {
    const keyStore = this.store('keyStore');
    const trustStore = this.store('trustStore');
    if (keyStore === null && this.isSound) {
      const key = `${this.prefix}keyStore.location`;
      this.fault('keyStore.location', `${wantedBy} needs a certificate.`, `Add ${key}=/path/of/a/store.`);
    }
    const crlPath = this.text('crlFile');
    const verifiesServerHost = this.flag('hostnameVerification');
    const options: TlsOptions = {
      keyStore,
      trustStore,
      clientAuth: (this.text('clientAuth') ?? 'need') as TlsOptions['clientAuth'],
      protocols: this.protocols(),
      cipherSuites: words(this.text('ciphersuites')),
      verifiesServerHost,
      verifiesClientHost: verifiesServerHost && this.flag('clientHostnameVerification'),
      asksReverseDns: this.flag('allowReverseDnsLookup'),
      checksRevocation: this.flag('crl'),
      asksOcsp: this.flag('ocsp'),
      crlPath: crlPath === null ? null : this.input.absolute(crlPath),
    };
    const timeoutMs = Number(this.value('handshakeDetectionTimeoutMillis'));
    if (!this.isSound) return null;
    return { options, handshakeTimeoutMs: timeoutMs < 1 ? DEFAULT_TIMEOUT_MS : timeoutMs };
  }

  private store(which: 'keyStore' | 'trustStore'): TlsStore | null {
    const location = this.text(`${which}.location`);
    if (location === null) return null;
    const passwordPath = this.text(`${which}.passwordPath`);
    const type = this.storeType(which, location);
    if (type === null) return null;
    return {
      path: this.input.absolute(location),
      type,
      password: this.text(`${which}.password`) ?? '',
      passwordPath: passwordPath === null ? null : this.input.absolute(passwordPath),
    };
  }

  private storeType(which: string, location: string): StoreType | null {
    const told = this.text(`${which}.type`)?.toUpperCase() ?? null;
    const suffix = posix.extname(location).toLowerCase();
    if (told === 'BCFKS' || (told === null && suffix === '.bcfks')) {
      this.fault(
        `${which}.location`,
        `${location} is a BCFKS store, which only Java reads.`,
        'Convert it with keytool -importkeystore -deststoretype PKCS12.',
      );
      return null;
    }
    const type = (told as StoreType | null) ?? SUFFIXES[suffix];
    if (type !== undefined) return type;
    this.fault(
      `${which}.location`,
      `the name of ${location} does not tell what it is.`,
      `Set ${this.prefix}${which}.type to PEM, JKS or PKCS12.`,
    );
    return null;
  }

  /** Java's rule: a list, else what the one protocol brings with it. */
  private protocols(): readonly TlsProtocol[] {
    const enabled = this.text('enabledProtocols');
    if (enabled !== null) return this.knownProtocols('enabledProtocols', words(enabled));
    const protocol = this.text('protocol');
    if (protocol === null || protocol === 'TLSv1.3' || protocol === 'TLS') return ['TLSv1.2', 'TLSv1.3'];
    return this.knownProtocols('protocol', [protocol]);
  }

  private knownProtocols(key: string, names: readonly string[]): readonly TlsProtocol[] {
    const known = TLS_PROTOCOLS.filter((protocol) => names.includes(protocol));
    const strange = names.filter((name) => !(TLS_PROTOCOLS as readonly string[]).includes(name));
    if (known.length === 0 || strange.length > 0) {
      const reason = strange.length > 0 ? `there is no protocol ${strange.join(', ')} here.` : 'no protocol is named.';
      this.fault(key, reason, `Write some of ${TLS_PROTOCOLS.join(',')}.`);
    }
    return known;
  }

  private fault(key: string, reason: string, mend: string): void {
    this.isSound = false;
    this.input.faults.error('BAD_VALUE', { where: this.given(key), key: this.prefix + key }, reason, mend);
  }

  private given(key: string): Origin | null {
    return this.input.settings.get(this.prefix + key)?.given ?? null;
  }

  private value(key: string): unknown {
    return this.input.settings.get(this.prefix + key)?.value;
  }

  private text(key: string): string | null {
    const value = this.value(key);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  private flag(key: string): boolean {
    return this.value(key) === true;
  }
}

function words(text: string | null): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
