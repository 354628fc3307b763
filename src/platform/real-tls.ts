import { constants, createHash, X509Certificate } from 'node:crypto';
import { reverse } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP, type Socket as RawSocket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  createSecureContext,
  createServer,
  type DetailedPeerCertificate,
  getCiphers,
  rootCertificates,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import {
  type SecureOptions,
  type SocketSecurity,
  TLS_PROTOCOLS,
  type TlsContext,
  TlsError,
  type TlsOptions,
  type TlsStore,
} from '../host/index.js';
import { openSslCipherName } from './cipher-names.js';
import { readStore, type StoreContent } from './key-stores.js';

const NO_STORE: StoreContent = { key: null, chain: [], others: [], crls: [] };

interface Files {
  readonly keyStore: Buffer | null;
  readonly keyPassword: string;
  readonly trustStore: Buffer | null;
  readonly trustPassword: string;
  readonly crls: Buffer | null;
}

/** A handshake of the accepting side that is under way. */
interface Pending {
  succeed(socket: TLSSocket): void;
  fail(error: Error): void;
}

/** Keys, certificates and rules in OpenSSL's hands. One server object, which never listens, does every accepting handshake. */
export class RealTlsContext implements TlsContext {
  private clientContext: SecureContext | null = null;
  private server: Server | null = null;
  private fingerprint = '';
  /** Where the path of a certificate may end. */
  private trusted: readonly X509Certificate[] = [];
  /** Accepting handshakes by the address that dialled. */
  private readonly pending = new Map<string, Pending>();

  constructor(readonly options: TlsOptions) {}

  /** Throws a `TlsError`. */
  async load(): Promise<void> {
    await this.reload();
  }

  async reload(): Promise<boolean> {
    const take = await this.prepare();
    take?.();
    return take !== null;
  }

  async prepare(): Promise<(() => void) | null> {
    const files = await readFiles(this.options);
    const fingerprint = fingerprintOf(files);
    if (fingerprint === this.fingerprint) return null;
    const options = secureContextOptions(this.options, files);
    let clientContext: SecureContext;
    try {
      clientContext = createSecureContext(options);
    } catch (cause) {
      const path = this.options.keyStore?.path ?? this.options.trustStore?.path ?? 'the TLS settings';
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TlsError('STORE_CONTENT', `TLS cannot use ${path}: ${why}. Check key, certificates and protocols.`, {
        cause,
      });
    }
    const { ca } = options;
    const anchors = this.options.asksOcsp ? ((ca as readonly string[] | undefined) ?? rootCertificates) : [];
    const trusted = anchors.map((pem) => new X509Certificate(pem));
    return () => {
      this.trusted = trusted;
      this.clientContext = clientContext;
      if (this.server === null) this.server = this.makeServer(options);
      else this.server.setSecureContext(options);
      this.fingerprint = fingerprint;
    };
  }

  private makeServer(options: SecureContextOptions): Server {
    const server = createServer({
      ...options,
      allowHalfOpen: true,
      requestCert: this.options.clientAuth !== 'none',
      // What is wrong with a certificate is found out here, so that it can be told.
      rejectUnauthorized: false,
      // The caller's limit counts.
      handshakeTimeout: 2 ** 31 - 1,
    });
    server.on('secureConnection', (socket) => this.pending.get(keyOf(socket))?.succeed(socket));
    server.on('tlsClientError', (error, socket) => this.pending.get(keyOf(socket))?.fail(error));
    return server;
  }

  /** Does the accepting side's handshake on `raw`. */
  accept(raw: RawSocket): Promise<TLSSocket> {
    const key = keyOf(raw);
    return new Promise<TLSSocket>((resolve, reject) => {
      const onClose = (): void => fail(new Error('the other side closed the connection during the handshake'));
      const done = (): void => {
        this.pending.delete(key);
        raw.off('close', onClose);
      };
      const fail = (error: Error): void => {
        done();
        raw.destroy();
        reject(error);
      };
      raw.on('close', onClose);
      this.pending.set(key, {
        succeed: (socket) => {
          done();
          resolve(socket);
        },
        fail,
      });
      wrapping(raw, () => this.server?.emit('connection', raw));
    }).then(async (socket) => {
      socket.allowHalfOpen = true;
      // What goes wrong while others are asked is told behind that (`stillOpen`).
      socket.on('error', () => undefined);
      await this.checkClient(socket);
      return stillOpen(socket);
    });
  }

  /** Does the dialling side's handshake on `raw`. */
  dial(raw: RawSocket, peerHost: string): Promise<TLSSocket> {
    const { verifiesServerHost } = this.options;
    return new Promise<TLSSocket>((resolve, reject) => {
      const options: ConnectionOptions = {
        socket: raw,
        ...(this.clientContext === null ? {} : { secureContext: this.clientContext }),
        ...(isIP(peerHost) === 0 && peerHost !== '' ? { servername: peerHost } : {}),
        // Without it NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off.
        rejectUnauthorized: true,
        checkServerIdentity: (_host, certificate) =>
          verifiesServerHost ? checkServerIdentity(peerHost, certificate) : undefined,
      };
      const socket = wrapping(raw, () => connect(options));
      const failed = (error: Error): void => {
        raw.destroy();
        reject(error);
      };
      const onClose = (): void => failed(new Error('the other side closed the connection during the handshake'));
      socket.once('error', failed);
      socket.once('close', onClose);
      socket.once('secureConnect', () => {
        socket.off('error', failed);
        socket.off('close', onClose);
        socket.allowHalfOpen = true;
        socket.on('error', () => undefined);
        resolve(socket);
      });
    }).then(async (socket) => {
      await this.checkRevocation(socket);
      return stillOpen(socket);
    });
  }

  /** Throws when the certificate that the client showed, or did not show, is not good enough. */
  private async checkClient(socket: TLSSocket): Promise<void> {
    const { clientAuth, verifiesClientHost, asksReverseDns } = this.options;
    if (clientAuth === 'none') return;
    const [own] = certificatesOf(socket);
    if (own === undefined) {
      if (clientAuth === 'need') throw refused(socket, 'it showed no certificate, and ssl.clientAuth needs one');
      return;
    }
    if (!socket.authorized) {
      const { authorizationError } = socket;
      const why: unknown = authorizationError instanceof Error ? authorizationError.message : authorizationError;
      throw refused(socket, `its certificate is not trusted (${String(why)})`);
    }
    if (verifiesClientHost) await checkClientHost(socket, new X509Certificate(own), asksReverseDns);
    await this.checkRevocation(socket);
  }

  /** Throws when a certificate of the other side is revoked, or may be. */
  private async checkRevocation(socket: TLSSocket): Promise<void> {
    if (!this.options.asksOcsp) return;
    const { assertNotRevoked, pathOf } = await import('./ocsp.js');
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    socket.once('close', leave);
    try {
      const sent = certificatesOf(socket).map((raw) => new X509Certificate(raw));
      await assertNotRevoked(pathOf(sent, this.trusted), gone.signal);
    } catch (error) {
      throw refused(socket, `its certificate ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      socket.off('close', leave);
    }
  }
}

/** A socket made here ends with the other side's end, as long as the handshake lasts: nothing can come after that. */
function wrapping<T>(raw: RawSocket, make: () => T): T {
  raw.allowHalfOpen = false;
  const made = make();
  raw.allowHalfOpen = true;
  return made;
}

/** Whoever uses the connection next would not hear of an end that came while others were asked. */
function stillOpen(socket: TLSSocket): TLSSocket {
  if (socket.destroyed) {
    // Not the error itself: a reset behind a good handshake does not mean that the other side speaks no TLS.
    throw new Error('the other side closed the connection while its certificate was checked', {
      cause: socket.errored,
    });
  }
  return socket;
}

/** The other end of a connection by its address: no two open connections of one accepting port have the same. */
function keyOf(socket: RawSocket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0} ${socket.localAddress ?? ''} ${socket.localPort ?? 0}`;
}

function refused(socket: TLSSocket, why: string): Error {
  socket.destroy();
  return new Error(why);
}

async function checkClientHost(
  socket: TLSSocket,
  certificate: X509Certificate,
  asksReverseDns: boolean,
): Promise<void> {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  if (certificate.checkIP(address) !== undefined) return;
  const names = asksReverseDns ? await reverse(address).catch(() => []) : [];
  if (names.some((name) => certificate.checkHost(name) !== undefined)) return;
  throw refused(socket, `its certificate is not for ${[address, ...names].join(' or ')}`);
}

/** What the handshake on an established socket agreed on. */
export function securityOf(socket: TLSSocket): SocketSecurity {
  const peerCertificates = certificatesOf(socket);
  return { protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().standardName, peerCertificates };
}

/**
 * Those that the other side sent, its own first, and the issuers that are known here. Not by getPeerX509Certificate, after
 * whose first call an accepting socket has forgotten all but the first one.
 */
function certificatesOf(socket: TLSSocket): Buffer[] {
  const certificates: Buffer[] = [];
  let certificate: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && certificates.length < MAX_CHAIN) {
    const { raw }: Partial<DetailedPeerCertificate> = certificate;
    // Who made his own certificate is his own issuer.
    if (certificates.at(-1)?.equals(raw) === true) break;
    certificates.push(raw);
    certificate = certificate.issuerCertificate;
  }
  return certificates;
}

const MAX_CHAIN = 10;

/** Does the handshake that `options` ask for; rejects with any error. */
export function handshake(raw: RawSocket, options: SecureOptions): Promise<TLSSocket> {
  const { context, side, peerHost } = options;
  if (!(context instanceof RealTlsContext)) throw new Error('this TLS context is not of this network');
  return side === 'accept' ? context.accept(raw) : context.dial(raw, peerHost ?? '');
}

// ----- files

async function readOne(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'this user may not read it' : code;
    const message = `The ${what} ${path} cannot be read: ${why}. Correct the path or its permissions.`;
    throw new TlsError('STORE_FILE', message, { cause });
  }
}

async function passwordOf(store: TlsStore | null, what: string): Promise<string> {
  if (store === null) return '';
  if (store.passwordPath === null) return store.password;
  return (await readOne(store.passwordPath, `password file of the ${what}`)).toString('utf8').trim();
}

async function readFiles({ keyStore, trustStore, crlPath }: TlsOptions): Promise<Files> {
  return {
    keyStore: keyStore === null ? null : await readOne(keyStore.path, 'key store'),
    keyPassword: await passwordOf(keyStore, 'key store'),
    trustStore: trustStore === null ? null : await readOne(trustStore.path, 'trust store'),
    trustPassword: await passwordOf(trustStore, 'trust store'),
    crls: crlPath === null ? null : await readOne(crlPath, 'file of revocation lists'),
  };
}

function fingerprintOf(files: Files): string {
  const hash = createHash('sha256');
  for (const part of Object.values(files) as (Buffer | string | null)[]) {
    hash.update(`${part?.length ?? -1}:`).update(part ?? '');
  }
  return hash.digest('hex');
}

function secureContextOptions(options: TlsOptions, files: Files): SecureContextOptions {
  const { keyStore, trustStore } = options;
  const own =
    files.keyStore === null || keyStore === null ? NO_STORE : readStore(files.keyStore, files.keyPassword, keyStore);
  if (keyStore !== null && own.chain.length === 0) {
    const message = `${keyStore.path} has no private key with its certificate. Put both into the key store.`;
    throw new TlsError('STORE_CONTENT', message);
  }
  const trusted =
    files.trustStore === null || trustStore === null
      ? null
      : readStore(files.trustStore, files.trustPassword, trustStore);
  return {
    ...(own.key === null ? {} : { key: own.key, cert: own.chain.join('\n') }),
    ...(trusted === null ? {} : { ca: [...trusted.others, ...trusted.chain] }),
    ...revocation(options, trusted, files.crls),
    // A session that is taken up again does not tell all certificates that were sent.
    ...(options.asksOcsp ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
    ...protocolRange(options),
    ...cipherList(options),
  };
}

function revocation(
  { checksRevocation, crlPath, trustStore }: TlsOptions,
  trusted: StoreContent | null,
  more: Buffer | null,
) {
  if (!checksRevocation) return {};
  const names = { path: crlPath ?? '', type: 'PEM' } as const;
  const crl = [...(trusted?.crls ?? []), ...(more === null ? [] : readStore(more, '', names).crls)];
  if (crl.length > 0) return { crl };
  const where = trustStore?.path ?? 'the trust store';
  const message = `Revocation is to be checked, but neither ${where} (as PEM) nor ssl.crlFile has a revocation list. Name one with ssl.crlFile, or take ssl.crl out.`;
  throw new TlsError('REVOCATION', message);
}

function protocolRange({ protocols }: TlsOptions): SecureContextOptions {
  const sorted = TLS_PROTOCOLS.filter((protocol) => protocols.includes(protocol));
  const [oldest] = sorted;
  const newest = sorted.at(-1);
  if (oldest === undefined || newest === undefined) return {};
  return { minVersion: oldest, maxVersion: newest };
}

function cipherList({ cipherSuites, protocols }: TlsOptions): SecureContextOptions {
  const isOld = protocols.includes('TLSv1') || protocols.includes('TLSv1.1');
  if (cipherSuites.length === 0) return isOld ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
  const known = new Set(getCiphers());
  const names = cipherSuites.map(openSslCipherName);
  const strange = cipherSuites.filter((_name, at) => !known.has((names[at] ?? '').toLowerCase()));
  if (strange.length > 0) {
    throw new TlsError('CIPHERS', `No such cipher suite here: ${strange.join(', ')}. Correct or remove it.`);
  }
  return { ciphers: [...names, ...(isOld ? ['@SECLEVEL=0'] : [])].join(':'), honorCipherOrder: true };
}
