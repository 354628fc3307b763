import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CertificateRequest {
  readonly name: string;
  /** In the order of OpenSSL: `/O=zk/CN=name`. */
  readonly subject?: string;
  /** `IP:127.0.0.1,DNS:localhost`; none when absent. */
  readonly altNames?: string;
  readonly keyType?: 'ec' | 'rsa';
  /** Address of the OCSP responder that it names. */
  readonly responder?: string;
  /** One more, as OpenSSL writes it: `extendedKeyUsage=OCSPSigning`. */
  readonly extension?: string;
}

/** A certificate authority in a folder of the test, which makes certificates with OpenSSL. */
export class Authority {
  private constructor(
    readonly folder: string,
    private readonly name: string,
  ) {}

  static create(folder: string, name = 'ca'): Authority {
    const authority = new Authority(folder, name);
    authority.openssl(
      ['req', '-x509', ...KEY.ec, '-nodes', '-days', '30', '-subj', `/CN=${name}`],
      ['-keyout', `${name}.key`, '-out', `${name}.crt`],
    );
    authority.begin();
    return authority;
  }

  /** One whose certificate another has made. */
  static of(folder: string, name: string): Authority {
    const authority = new Authority(folder, name);
    authority.begin();
    return authority;
  }

  private begin(): void {
    const own = join(this.folder, this.name);
    writeFileSync(`${own}.index`, '');
    const lines = [
      '[ca]',
      'default_ca=own',
      '[own]',
      `database=${own}.index`,
      'default_md=sha256',
      'default_crl_days=30',
    ];
    writeFileSync(`${own}.cnf`, `${lines.join('\n')}\n`);
  }

  /** The PEM file with its own certificate. */
  get certificate(): string {
    return join(this.folder, `${this.name}.crt`);
  }

  /** Makes `name.key`, `name.crt`, and `name.pem` with both. Returns the path of the last. */
  issue({ name, subject = `/O=zk/CN=${name}`, altNames, keyType = 'ec', ...more }: CertificateRequest): string {
    const wanted = [
      ...(altNames === undefined ? [] : [`subjectAltName=${altNames}`]),
      ...(more.responder === undefined ? [] : [`authorityInfoAccess=OCSP;URI:${more.responder}`]),
      ...(more.extension === undefined ? [] : [more.extension]),
    ];
    const extensions = wanted.flatMap((extension) => ['-addext', extension]);
    this.openssl(
      ['req', '-new', ...KEY[keyType], '-nodes', '-subj', subject, ...extensions],
      ['-keyout', `${name}.key`, '-out', `${name}.csr`],
    );
    this.openssl(
      ['x509', '-req', '-in', `${name}.csr`, '-days', '30', '-copy_extensions', 'copy', '-out', `${name}.crt`],
      ['-CA', `${this.name}.crt`, '-CAkey', `${this.name}.key`, '-CAcreateserial'],
    );
    const path = join(this.folder, `${name}.pem`);
    writeFileSync(path, Buffer.concat([this.read(`${name}.key`), this.read(`${name}.crt`)]));
    return path;
  }

  /** Writes a list of the revoked certificates. Returns its path. */
  revoke(...names: readonly string[]): string {
    for (const name of names) this.keepsBook(['-revoke', `${name}.crt`]);
    this.keepsBook(['-gencrl', '-out', `${this.name}.crl`]);
    return join(this.folder, `${this.name}.crl`);
  }

  /** Writes down that it has made these: its OCSP responder knows them. */
  note(...names: readonly string[]): void {
    for (const name of names) this.keepsBook(['-valid', `${name}.crt`]);
  }

  private keepsBook(what: readonly string[]): void {
    const ca = ['ca', '-config', `${this.name}.cnf`, '-cert', `${this.name}.crt`, '-keyfile', `${this.name}.key`];
    this.openssl(ca, what);
  }

  /** Puts key and certificate of `name` into a PKCS#12 file, as OpenSSL writes it. */
  pkcs12(name: string, password: string): string {
    const path = join(this.folder, `${name}.p12`);
    this.openssl(
      ['pkcs12', '-export', '-inkey', `${name}.key`, '-in', `${name}.crt`, '-certfile', `${this.name}.crt`],
      ['-name', name, '-passout', `pass:${password}`, '-out', path],
    );
    return path;
  }

  /** The same store in Java's own format. */
  jks(name: string, password: string): string {
    const path = join(this.folder, `${name}.jks`);
    keytool(
      ['-importkeystore', '-srckeystore', this.pkcs12(name, password), '-srcstoretype', 'PKCS12'],
      ['-srcstorepass', password, '-destkeystore', path, '-deststoretype', 'JKS', '-deststorepass', password],
    );
    return path;
  }

  /** A store with the certificate of the authority and no key. */
  trustStore(type: 'JKS' | 'PKCS12', password: string): string {
    const path = join(this.folder, `${this.name}-trust.${type === 'JKS' ? 'jks' : 'p12'}`);
    keytool(
      ['-importcert', '-noprompt', '-alias', this.name, '-file', this.certificate],
      ['-keystore', path, '-storetype', type, '-storepass', password],
    );
    return path;
  }

  copy(from: string, to: string): void {
    copyFileSync(join(this.folder, from), join(this.folder, to));
  }

  private read(file: string): Buffer {
    return readFileSync(join(this.folder, file));
  }

  private openssl(...args: readonly (readonly string[])[]): void {
    execFileSync('openssl', args.flat(), { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

const KEY = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
} as const;

function keytool(...args: readonly (readonly string[])[]): void {
  execFileSync('keytool', args.flat(), { stdio: ['ignore', 'ignore', 'pipe'] });
}
