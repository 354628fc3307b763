import type { HttpHandler, HttpReply } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';

const NOT_THERE: HttpReply = { status: 404, contentType: 'text/plain', body: 'Metrics are at /metrics.\n' };

/**
 * Answers GET /metrics with everything that is counted, in the text format of Prometheus. What it needs is loaded only here,
 * so that a server that nobody scrapes does without.
 */
export async function makeExporter(metrics: Metrics, exportsProcess: boolean): Promise<HttpHandler> {
  const { Exposition } = await import('./exposition.js');
  const exposition = new Exposition(metrics, exportsProcess);
  return async ({ method, path }) => {
    if (path !== '/metrics') return NOT_THERE;
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, contentType: 'text/plain', headers: { allow: 'GET, HEAD' }, body: 'GET only.\n' };
    }
    return { status: 200, contentType: exposition.contentType, body: await exposition.text() };
  };
}
