/** Cipher suites by their names in the TLS registry (which Java uses) as OpenSSL names them. */

const KEY_EXCHANGE: Readonly<Record<string, string>> = {
  RSA: '',
  ECDHE_RSA: 'ECDHE-RSA-',
  ECDHE_ECDSA: 'ECDHE-ECDSA-',
  DHE_RSA: 'DHE-RSA-',
};

const CIPHER: Readonly<Record<string, string>> = {
  AES_128_GCM: 'AES128-GCM',
  AES_256_GCM: 'AES256-GCM',
  AES_128_CBC: 'AES128',
  AES_256_CBC: 'AES256',
  AES_128_CCM: 'AES128-CCM',
  AES_256_CCM: 'AES256-CCM',
};

/** Suites of TLS 1.3 have one name everywhere; a name that is no registry name is taken as it stands. */
export function openSslCipherName(name: string): string {
  const parts = /^(?:TLS|SSL)_(.+)_WITH_(.+?)(?:_(SHA|SHA256|SHA384))?$/.exec(name);
  if (parts === null) return name;
  const [, exchange = '', cipher = '', hash] = parts;
  const head = KEY_EXCHANGE[exchange];
  if (head === undefined) return name;
  if (cipher === 'CHACHA20_POLY1305') return `${head}CHACHA20-POLY1305`;
  const body = CIPHER[cipher];
  return body === undefined ? name : `${head}${body}${hash === undefined ? '' : `-${hash}`}`;
}
