import { get } from 'node:http';
import { formatEndpoint, type Endpoint } from '../host/index.js';
import type { ServerConfig } from '../config/index.js';
import { dialable } from './probe.js';

/** A check of `/readyz`. */
export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Where this server answers /readyz; null when it does not, or only with TLS. */
function healthEndpoint({ admin }: ServerConfig): Endpoint | null {
  return admin.endpoint === null || admin.transport === 'tls' ? null : dialable(admin.endpoint);
}

/**
 * The checks of `/readyz` of the server of that configuration; null when it does not answer there. (Its admin port is another
 * one when somebody else had that, a second server of this machine, say.)
 */
export async function askReadiness(
  config: ServerConfig | null,
  timeoutMs: number,
): Promise<readonly ReadyCheck[] | null> {
  const endpoint = config === null ? null : healthEndpoint(config);
  if (config === null || endpoint === null) return null;
  try {
    const text = await fetchText(`http://${formatEndpoint(endpoint)}/readyz?format=json`, timeoutMs);
    return checksOf(JSON.parse(text), `${config.storage.dataDir}/version-2`);
  } catch {
    return null;
  }
}

function fetchText(url: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      response.once('error', reject);
    });
    request.once('error', reject);
  });
}

function checksOf(answer: unknown, dataDir: string): readonly ReadyCheck[] | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { data_dir: whose, checks } = answer as Record<string, unknown>;
  if (whose !== dataDir || !Array.isArray(checks)) return null;
  return checks.every(isCheck) ? checks : null;
}

function isCheck(value: unknown): value is ReadyCheck {
  if (typeof value !== 'object' || value === null) return false;
  const { name, ok, detail } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof ok === 'boolean' && typeof detail === 'string';
}
