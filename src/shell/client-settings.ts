/** Properties of Apache ZooKeeper's client, as `-client-configuration` files and CLIENT_JVMFLAGS have them. */
import { parseJaas, parseProperties } from '../config/index.js';
import type { StoreType } from '../host/index.js';
import { type ClientOptions, tlsOptions } from '../zk-client/index.js';
import { CliError, CliExit } from './errors.js';

export type Properties = ReadonlyMap<string, string>;

export function readProperties(bytes: Buffer, file: string): Properties {
  const { entries, problems } = parseProperties(bytes);
  const [problem] = problems;
  if (problem !== undefined) throw new CliError(`${file}:${problem.line}: ${problem.reason}`, CliExit.usage);
  return new Map(entries.map(({ key, value }) => [key, value]));
}

/** The words `-Dname=value` of flags for a Java machine. */
export function propertiesOfFlags(flags: string): Properties {
  const found = [...flags.matchAll(/(?:^|\s)-D([^=\s]+)=("[^"]*"|'[^']*'|\S*)/g)];
  return new Map(found.map(([, key = '', value = '']) => [key, value.replace(/^(["'])(.*)\1$/, '$2')]));
}

const MAX_BUFFER = 'jute.maxbuffer';

/** The longest answer that is taken, in bytes (`jute.maxbuffer`); null: the properties do not say. */
export function maxFrameBytesOf(properties: Properties): number | null {
  const text = properties.get(MAX_BUFFER);
  if (text === undefined) return null;
  const bytes = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : 0;
  if (bytes > 0 && bytes <= 0x7fff_ffff) return bytes;
  throw new CliError(`${MAX_BUFFER}=${text} is no number of bytes`, CliExit.usage);
}

const STORE_TYPES: Readonly<Record<string, StoreType>> = { JKS: 'JKS', PEM: 'PEM', PKCS12: 'PKCS12' };

/** Null: the properties do not ask for encryption. */
export function tlsOfProperties(
  properties: Properties,
  readText: (path: string) => string,
): ClientOptions['tls'] | null {
  if (properties.get('zookeeper.client.secure') !== 'true') return null;
  const store = (kind: 'keyStore' | 'trustStore') => storeOf(properties, `zookeeper.ssl.${kind}`, readText);
  const key = store('keyStore');
  const trust = store('trustStore');
  return tlsOptions({
    ...(key.path === null ? {} : { keyStore: key.path, keyStorePassword: key.password }),
    ...(key.type === null ? {} : { keyStoreType: key.type }),
    ...(trust.path === null ? {} : { trustStore: trust.path, trustStorePassword: trust.password }),
    ...(trust.type === null ? {} : { trustStoreType: trust.type }),
    verifiesServerHost: properties.get('zookeeper.ssl.hostnameVerification') !== 'false',
  });
}

function storeOf(properties: Properties, prefix: string, readText: (path: string) => string) {
  const file = properties.get(`${prefix}.passwordPath`);
  const password = file === undefined ? (properties.get(`${prefix}.password`) ?? '') : readText(file).trimEnd();
  const type = STORE_TYPES[(properties.get(`${prefix}.type`) ?? '').toUpperCase()] ?? null;
  const path = properties.get(`${prefix}.location`) ?? '';
  return { path: path === '' ? null : path, password, type };
}

const DIGEST_MODULE = 'DigestLoginModule';

/** User and password of the login configuration; null: there is none, or SASL is off. */
export function saslOfProperties(
  properties: Properties,
  readText: (path: string) => string,
): NonNullable<ClientOptions['sasl']> | null {
  const file = properties.get('java.security.auth.login.config');
  if (file === undefined || properties.get('zookeeper.sasl.client') === 'false') return null;
  const name = properties.get('zookeeper.sasl.clientconfig') ?? 'Client';
  const section = parseJaas(readText(file)).find((one) => one.name === name);
  if (section === undefined) return null;
  const [entry] = section.entries;
  const user = entry?.options.get('username');
  const password = entry?.options.get('password');
  if (entry?.module.endsWith(DIGEST_MODULE) !== true || user === undefined || password === undefined) {
    throw new CliError(
      `${file}: the section ${name} needs a DigestLoginModule with username and password; zk-cli has no other mechanism`,
      CliExit.usage,
    );
  }
  return { user, password };
}
