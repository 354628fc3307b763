import type { Faults } from './fault.js';
import type { GivenValue } from './given.js';

/** Schemes that this server has built in beside digest and ip, which it always has. */
export type BuiltInScheme = 'digest' | 'ip' | 'sasl' | 'x509' | 'ensemble';

/** What a line `authProvider.N=` names. */
export type NamedProvider =
  | { readonly kind: 'built-in'; readonly scheme: BuiltInScheme }
  /** Absolute path of a JavaScript module. */
  | { readonly kind: 'module'; readonly key: string; readonly path: string };

const PACKAGE = 'org.apache.zookeeper.server.auth.';
const BUILT_IN: Readonly<Record<string, BuiltInScheme>> = {
  [`${PACKAGE}DigestAuthenticationProvider`]: 'digest',
  [`${PACKAGE}IPAuthenticationProvider`]: 'ip',
  [`${PACKAGE}SASLAuthenticationProvider`]: 'sasl',
  [`${PACKAGE}X509AuthenticationProvider`]: 'x509',
  [`${PACKAGE}EnsembleAuthenticationProvider`]: 'ensemble',
};

/** Reads the values of `authProvider.*`; a Java class that is not built in is a fault: its ACLs would bind nobody. */
export function namedProviders(
  given: ReadonlyMap<string, GivenValue>,
  absolute: (path: string) => string,
  faults: Faults,
): readonly NamedProvider[] {
  const named: NamedProvider[] = [];
  for (const [key, { value, origin }] of given) {
    const scheme = BUILT_IN[value];
    if (scheme !== undefined) named.push({ kind: 'built-in', scheme });
    else if (/\.[cm]?js$/.test(value)) named.push({ kind: 'module', key, path: absolute(value) });
    else {
      faults.error(
        'BAD_VALUE',
        { where: origin, key },
        `this server cannot load the Java class ${value}.`,
        `Write one of ${Object.keys(BUILT_IN).join(', ')}, or the path of a JavaScript module (.mjs).`,
      );
    }
  }
  return named;
}
