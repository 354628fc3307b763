import { ConfigExit, type Fault, type ServerConfig } from '../config/index.js';
import { TlsError } from '../host/index.js';
import { createRealHost } from '../platform/index.js';
import { KerberosLoadError, loadKerberos, loadQuorumKerberos } from './kerberos.js';

/** Opens the files that a server of this configuration would open for TLS and Kerberos, and tells what is wrong with them. */
export async function faultsOfFiles(
  config: ServerConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Fault[]> {
  const host = createRealHost({ log: { level: 'fatal' } });
  const uses = [config.clients.tls, config.quorumSecurity.tls].flatMap((tls) =>
    tls === null ? [] : [() => host.network.loadTls(tls.options)],
  );
  try {
    const found: Fault[] = [];
    for (const use of [...uses, () => loadQuorumKerberos(config, { ...env }), () => loadKerberos(config, { ...env })]) {
      const fault = await use().then(() => null, faultOf);
      if (fault !== null) found.push(fault);
    }
    return found;
  } finally {
    await host.close();
  }
}

/** The mend stands in the message. */
function faultOf(error: unknown): Fault {
  if (!(error instanceof TlsError) && !(error instanceof KerberosLoadError)) throw error;
  const exitCode = ConfigExit.unexpected;
  return { severity: 'error', code: 'FILE', where: null, key: null, reason: error.message, mend: '', exitCode };
}
