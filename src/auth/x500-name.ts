/** Subjects of certificates (X.509, DER) as text, the way Java's `X500Principal.getName()` writes them (RFC 2253). */

const Tag = { sequence: 0x30, set: 0x31, integer: 0x02, version: 0xa0 } as const;

/** Only these have names in RFC 2253; of other attributes the number is written and the value in hexadecimal digits. */
const KEYWORDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

/** String types of ASN.1 that are written as text. */
const CHARSETS: Readonly<Record<number, BufferEncoding>> = {
  0x0c: 'utf8',
  0x13: 'latin1',
  0x14: 'latin1',
  0x16: 'latin1',
  0x1b: 'latin1',
  0x1e: 'utf16le',
};
const BMP_STRING = 0x1e;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
}

class DerError extends Error {
  override readonly name = 'DerError';
}

/** The elements that fill `bytes`. */
function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    if (lengthBytes > 4 || start > bytes.length) throw new DerError('a length is wrong');
    const end = start + (lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes));
    if (end > bytes.length) throw new DerError('an element is longer than what is left');
    elements.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

function sequence(element: Element | undefined, tag: number = Tag.sequence): Element[] {
  if (element?.tag !== tag) throw new DerError('an element is missing');
  return elementsOf(element.content);
}

function objectId(content: Buffer): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
  }
  const [first = 0, ...rest] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

function textOf({ tag, content }: Element): string {
  if (tag !== BMP_STRING) return content.toString(CHARSETS[tag]);
  return Buffer.from(content).swap16().toString('utf16le');
}

function escaped(text: string): string {
  const inside = text.replace(/[,=+<>#;"\\]/g, '\\$&').replaceAll('\0', '\\00');
  const spaces = (found: string): string => found.replaceAll(' ', '\\ ');
  return inside.replace(/^ +/, spaces).replace(/ +$/, spaces);
}

function attribute(element: Element): string {
  const [type, value] = sequence(element);
  if (type === undefined || value === undefined) throw new DerError('an attribute has no value');
  const id = objectId(type.content);
  const keyword = KEYWORDS[id];
  if (keyword === undefined || CHARSETS[value.tag] === undefined) {
    return `${keyword ?? id}=#${value.whole.toString('hex')}`;
  }
  return `${keyword}=${escaped(textOf(value))}`;
}

/** The subject of a certificate (DER), last part first; null for what is no certificate. */
export function subjectOf(certificate: Buffer): string | null {
  try {
    const [signed] = sequence(elementsOf(certificate)[0]);
    const fields = sequence(signed);
    if (fields[0]?.tag === Tag.version) fields.shift();
    // serial number, algorithm, issuer, validity, subject
    const parts = sequence(fields[4]);
    return parts
      .reverse()
      .map((part) => sequence(part, Tag.set).map(attribute).join('+'))
      .join(',');
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

const NAME_TYPE =
  /^(CN|C|L|S|ST|O|OU|T|IP|STREET|DC|DNQUALIFIER|DNQ|SURNAME|GIVENNAME|INITIALS|GENERATION|EMAIL|EMAILADDRESS|UID|SERIALNUMBER|(OID\.)?[0-2](\.[0-9]+)+)$/i;
const NAME_PART = /\s*([^=,;+"\s]+)\s*=\s*("(?:[^"\\]|\\[\s\S])*"|(?:[^",;+\\=<>#]|\\[\s\S]|=|#)*)\s*(?:[,;+]|$)/gy;

/** Is it a name that Java would take, such as `CN=app,O=Example`? */
export function isX500Name(text: string): boolean {
  if (text.trim() === '') return true;
  NAME_PART.lastIndex = 0;
  while (NAME_PART.lastIndex < text.length) {
    const match = NAME_PART.exec(text);
    if (match === null || !NAME_TYPE.test(match[1] ?? '')) return false;
  }
  return !/[,;+]\s*$/.test(text);
}
