import type { TlsOptions } from '../../src/host/index.js';

/** Both sides show certificates, and look at each other's; nothing more is asked. */
export const TLS_RULES: Omit<TlsOptions, 'keyStore' | 'trustStore'> = {
  clientAuth: 'need',
  protocols: ['TLSv1.2', 'TLSv1.3'],
  cipherSuites: [],
  verifiesServerHost: true,
  verifiesClientHost: false,
  asksReverseDns: false,
  checksRevocation: false,
  asksOcsp: false,
  crlPath: null,
};
