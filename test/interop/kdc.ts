import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/ports.js';

const run = promisify(execFile);

export const REALM = 'ZK.TEST';
/** What MIT, OpenJDK and this server know. */
export const KEY_TYPES = [
  'aes256-cts-hmac-sha1-96',
  'aes128-cts-hmac-sha1-96',
  'aes256-cts-hmac-sha384-192',
  'aes128-cts-hmac-sha256-128',
];

/** MIT's KDC on loopback with a database of its own in a temporary folder. */
export class Kdc {
  readonly folder = mkdtempSync(join(tmpdir(), 'zk-server-kdc-'));
  readonly configFile = join(this.folder, 'krb5.conf');
  private readonly profile = join(this.folder, 'kdc.conf');
  private process: ChildProcess | undefined;
  private keyTabs = 0;

  /** For programs that use MIT's library. */
  get env(): Readonly<Record<string, string>> {
    return { KRB5_CONFIG: this.configFile, KRB5_KDC_PROFILE: this.profile };
  }

  async start(): Promise<void> {
    const [port = 0] = await freePorts(1);
    const database = join(this.folder, 'database');
    mkdirSync(database);
    writeFileSync(
      this.configFile,
      `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  # TCP always.
  udp_preference_limit = 1
  permitted_enctypes = ${KEY_TYPES.join(' ')}
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
  }
`,
    );
    writeFileSync(
      this.profile,
      `[kdcdefaults]
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${REALM} = {
    database_name = ${join(database, 'principal')}
    key_stash_file = ${join(database, 'stash')}
    acl_file = ${join(database, 'acl')}
    supported_enctypes = ${KEY_TYPES.join(' ')}
  }
[logging]
  default = FILE:${join(this.folder, 'log')}
`,
    );
    await this.tool('/usr/sbin/kdb5_util', ['create', '-s', '-P', 'secret', '-r', REALM]);
    this.process = spawn('/usr/sbin/krb5kdc', ['-n', '-r', REALM], {
      stdio: 'ignore',
      env: { ...process.env, ...this.env },
    });
    await once(this.process, 'spawn');
    await eventually('the KDC listens', 30_000, () => isOpen(port));
  }

  private async tool(file: string, args: readonly string[]): Promise<void> {
    await run(file, [...args], { env: { ...process.env, ...this.env } });
  }

  /** Makes a principal with random keys. */
  addPrincipal(name: string): Promise<void> {
    return this.admin('addprinc', '-randkey', name);
  }

  /**
   * Gives a principal new keys, of these encryption types (all without any); the key table that they are written to. What is said to it is
   * encrypted by the same types.
   */
  async keyTab(name: string, ...types: readonly string[]): Promise<string> {
    const file = join(this.folder, `${name.replaceAll('/', '-')}-${this.keyTabs++}.keytab`);
    const list = types.length === 0 ? KEY_TYPES : types;
    await this.admin('setstr', name, 'session_enctypes', list.join(' '));
    await this.admin('ktadd', '-k', file, '-e', list.map((type) => `${type}:normal`).join(','), name);
    return file;
  }

  private admin(...words: readonly string[]): Promise<void> {
    return this.tool('/usr/sbin/kadmin.local', ['-r', REALM, ...words]);
  }

  /** Gets a first ticket; the file that it is in. */
  async ticketOf(name: string, keyTab: string): Promise<string> {
    const cache = `${keyTab}.tickets`;
    await this.tool('/usr/bin/kinit', ['-c', `FILE:${cache}`, '-k', '-t', keyTab, name]);
    return cache;
  }

  /** From now on it answers nobody. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    if (this.process !== undefined && this.process.exitCode === null) {
      const gone = once(this.process, 'exit');
      this.process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ port, host: '127.0.0.1' });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
