import { createPrivateKey, X509Certificate } from 'node:crypto';
import jks from 'jks-js';
import forge from 'node-forge';
import { type StoreType, TlsError } from '../host/index.js';

/** What a store holds, in PEM. */
export interface StoreContent {
  /** The first key there is, not encrypted. */
  readonly key: string | null;
  /** Certificates of the key, its own first. */
  readonly chain: readonly string[];
  /** All other certificates. */
  readonly others: readonly string[];
  /** Revocation lists. */
  readonly crls: readonly string[];
}

/** Names of the store in errors: the file, and the settings that it and its password come from. */
export interface StoreNames {
  readonly path: string;
  readonly type: StoreType;
}

/** Reads a store of any type. Throws a `TlsError`. */
export function readStore(bytes: Buffer, password: string, names: StoreNames): StoreContent {
  switch (names.type) {
    case 'PEM':
      return readPem(bytes, password, names);
    case 'JKS':
      return readJks(bytes, password, names);
    case 'PKCS12':
      return readPkcs12(bytes, password, names);
  }
}

function broken(names: StoreNames, why: string, cause?: unknown): TlsError {
  const mend = 'Check that the file is whole and that its type (or the suffix of its name) is right.';
  return new TlsError('STORE_CONTENT', `${names.path} is no usable ${names.type} store: ${why}. ${mend}`, { cause });
}

function wrongPassword(names: StoreNames, cause: unknown): TlsError {
  const message = `The password does not open ${names.path}. Check the password setting of this store.`;
  return new TlsError('STORE_PASSWORD', message, { cause });
}

// ----- PEM

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

function readPem(bytes: Buffer, password: string, names: StoreNames): StoreContent {
  const blocks = [...bytes.toString('latin1').matchAll(BLOCK)].map(([text, label = '']) => ({ text, label }));
  const ofKind = (pattern: RegExp) => blocks.filter(({ label }) => pattern.test(label)).map(({ text }) => text);
  const [key] = ofKind(/PRIVATE KEY$/);
  const certificates = ofKind(/^(X509 |TRUSTED )?CERTIFICATE$/).map((text) => checkedCertificate(text, names));
  const crls = ofKind(/^X509 CRL$/);
  if (key === undefined) {
    if (certificates.length === 0 && crls.length === 0) throw broken(names, 'it has neither a key nor a certificate');
    return { key: null, chain: [], others: certificates, crls };
  }
  return { key: plainKey(key, password, names), ...ofKey(key, password, certificates), crls };
}

function checkedCertificate(pem: string, names: StoreNames): string {
  try {
    return new X509Certificate(pem).toString();
  } catch (cause) {
    throw broken(names, 'a certificate in it cannot be read', cause);
  }
}

function plainKey(pem: string, password: string, names: StoreNames): string {
  try {
    return createPrivateKey({ key: pem, passphrase: password }).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch (cause) {
    if (/ENCRYPTED/.test(pem)) throw wrongPassword(names, cause);
    throw broken(names, 'its key cannot be read', cause);
  }
}

/** The certificates of a key: those from the one that belongs to it on, along the issuers. */
function ofKey(
  key: string,
  password: string,
  certificates: readonly string[],
): { chain: readonly string[]; others: readonly string[] } {
  const privateKey = createPrivateKey({ key, passphrase: password });
  const all = certificates.map((pem) => ({ pem, parsed: new X509Certificate(pem) }));
  const own = all.find(({ parsed }) => parsed.checkPrivateKey(privateKey));
  const chain = own === undefined ? [] : [own];
  for (let last = own; last !== undefined && !last.parsed.checkIssued(last.parsed);) {
    const { parsed } = last;
    const issuer = all.find((one) => !chain.includes(one) && parsed.checkIssued(one.parsed));
    if (issuer !== undefined) chain.push(issuer);
    last = issuer;
  }
  const pemOf = ({ pem }: { pem: string }): string => pem;
  return { chain: chain.map(pemOf), others: all.filter((one) => !chain.includes(one)).map(pemOf) };
}

// ----- JKS

function readJks(bytes: Buffer, password: string, names: StoreNames): StoreContent {
  let entries: ReturnType<typeof jks.toPem>;
  try {
    entries = jks.toPem(bytes, password);
  } catch (cause) {
    // Stores of other types are read by the same call, so the type is not asked.
    if (cause instanceof Error && /password|decrypt|MAC/i.test(cause.message)) throw wrongPassword(names, cause);
    throw broken(names, 'it cannot be read', cause);
  }
  const all = Object.values(entries);
  const certificates = all.flatMap(({ ca, cert }) => splitCertificates(`${ca ?? ''}\n${cert ?? ''}`, names));
  const key = all.find((entry) => entry.key !== undefined && entry.key !== '')?.key;
  if (key === undefined) {
    if (certificates.length === 0) throw broken(names, 'it is empty');
    return { key: null, chain: [], others: certificates, crls: [] };
  }
  return { key: plainKey(key, '', names), ...ofKey(key, '', certificates), crls: [] };
}

function splitCertificates(text: string, names: StoreNames): string[] {
  return [...text.matchAll(BLOCK)].map(([pem]) => checkedCertificate(pem, names));
}

// ----- PKCS#12

function readPkcs12(bytes: Buffer, password: string, names: StoreNames): StoreContent {
  let store: forge.pkcs12.Pkcs12Pfx;
  try {
    const asn1 = forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('binary')));
    store = forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
  } catch (cause) {
    if (cause instanceof Error && /MAC|password|decrypt/i.test(cause.message)) throw wrongPassword(names, cause);
    throw broken(names, 'it cannot be read', cause);
  }
  const bags = store.safeContents.flatMap(({ safeBags }) => safeBags);
  const certificates = bags
    .filter(({ type }) => type === forge.pki.oids['certBag'])
    .map((bag) => certificateOf(bag, names));
  const keyBag = bags.find(({ type }) => KEY_BAGS.includes(type));
  if (keyBag === undefined) {
    if (certificates.length === 0) throw broken(names, 'it is empty');
    return { key: null, chain: [], others: certificates, crls: [] };
  }
  const key = plainKey(keyOf(keyBag, names), '', names);
  return { key, ...ofKey(key, '', certificates), crls: [] };
}

const KEY_BAGS: readonly (string | undefined)[] = [forge.pki.oids['keyBag'], forge.pki.oids['pkcs8ShroudedKeyBag']];

function pemOf(label: string, asn1: forge.asn1.Asn1): string {
  const der = Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}

/** The library parses certificates with RSA keys only; of others it hands the encoding on. */
function certificateOf(bag: forge.pkcs12.Bag, names: StoreNames): string {
  const parsed = bag.cert ?? null;
  const asn1 = parsed === null ? bag.asn1 : forge.pki.certificateToAsn1(parsed);
  return checkedCertificate(pemOf('CERTIFICATE', asn1), names);
}

function keyOf(bag: forge.pkcs12.Bag, names: StoreNames): string {
  const parsed = bag.key ?? null;
  try {
    if (parsed === null) return pemOf('PRIVATE KEY', bag.asn1);
    return pemOf('PRIVATE KEY', forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(parsed)));
  } catch (cause) {
    throw broken(names, 'its key cannot be read', cause);
  }
}
