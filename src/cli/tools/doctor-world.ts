import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFile, stat, statfs } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint, TlsStore } from '../../host/index.js';
import { loadKeyStores, type RealHost } from '../../platform/index.js';
import type { CertificateFacts, DoctorWorld, HttpAnswer, Space } from '../../toolkit/index.js';
import { ask } from '../four-letter.js';

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

export function makeDoctorWorld(host: RealHost, timeoutMs: number): DoctorWorld {
  return {
    disk: host.disk,
    wallMs: () => Date.now(),
    pause: (ms) => delay(ms),
    ask: (server, word) => ask(server, word, timeoutMs),
    reach: (endpoint) => reach(endpoint, timeoutMs),
    resolve: (name) =>
      lookup(name, { all: true }).then(
        (found) => found.map(({ address }) => address),
        () => [],
      ),
    httpGet: (endpoint, path) => httpGet(endpoint, path, timeoutMs),
    space,
    certificates,
  };
}

function reach(endpoint: Endpoint, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: endpoint.host, port: endpoint.port });
    const settle = (why: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => settle(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('connect', () => settle(null));
    socket.once('error', (error) => settle(error.message));
  });
}

function httpGet(endpoint: Endpoint, path: string, timeoutMs: number): Promise<HttpAnswer | null> {
  return new Promise((resolve) => {
    const beganMs = Date.now();
    const request = get(
      { host: endpoint.host, port: endpoint.port, path, timeout: timeoutMs, agent: false },
      (response) => {
        const localMs = (beganMs + Date.now()) / 2;
        const serverMs = Date.parse(response.headers.date ?? '');
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > LARGEST_BODY_BYTES) response.destroy();
          else chunks.push(chunk);
        });
        response.once('close', () => {
          const body = Buffer.concat(chunks).toString('utf8');
          resolve({ serverMs: Number.isNaN(serverMs) ? null : serverMs, localMs, body });
        });
        response.on('error', () => undefined);
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
  });
}

async function space(dir: string): Promise<Space | null> {
  try {
    const [system, { dev }] = await Promise.all([statfs(dir), stat(dir)]);
    return { freeBytes: system.bavail * system.bsize, totalBytes: system.blocks * system.bsize, device: dev };
  } catch {
    return null;
  }
}

async function certificates(store: TlsStore): Promise<CertificateFacts[]> {
  const { path, type, passwordPath } = store;
  const password = passwordPath === null ? store.password : (await readFile(passwordPath, 'utf8')).trim();
  const { readStore } = await loadKeyStores();
  const { chain, others } = readStore(await readFile(path), password, { path, type });
  return [...chain, ...others].map((pem) => {
    const { subject, validTo } = new X509Certificate(pem);
    return { subject, notAfterMs: Date.parse(validTo) };
  });
}
