/** `service/host@REALM`; null: that part is not there. */
export interface KerberosName {
  readonly service: string;
  readonly host: string | null;
  readonly realm: string | null;
}

/** Null for a text with an `@` that is no such name. Without one, all of it is the service. */
export function parseKerberosName(text: string): KerberosName | null {
  const match = /^([^/@]*)(?:\/([^/@]*))?@([^/@]*)$/.exec(text);
  if (match !== null) return { service: match[1] ?? '', host: match[2] ?? null, realm: match[3] ?? null };
  return text.includes('@') ? null : { service: text, host: null, realm: null };
}
