import type { HttpHandler, HttpReply, HttpRequest } from '../../host/index.js';
import type { AdminTarget } from '../needs.js';
import { EnsembleReport } from './ensemble.js';
import { sessionsPage, slowRequests, watchesPage } from './lists.js';
import { type PeerAccess, Peers } from './peers.js';
import { DASHBOARD_PATH } from './place.js';
import { Refusal } from './refusal.js';
import { ServerFigures } from './server-summary.js';
import { TreePages } from './tree-pages.js';

/** A file that browsers load. */
export interface DashboardFile {
  readonly contentType: string;
  readonly body: string;
}

export interface DashboardParts {
  readonly target: AdminTarget;
  /** By name: `index.html`, which comes for the folder, too. Empty: it was not built. Asked for when the first one is. */
  readonly files: () => Promise<ReadonlyMap<string, DashboardFile>>;
  readonly peers: PeerAccess;
}

/** Nothing but what this server itself sends runs, is shown, or is asked; no other page may hold this one. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

type Page = (request: HttpRequest) => unknown;

/**
 * The dashboard: the files of the page under `/dashboard/`, what it shows as JSON under `/dashboard/api/`. Everything only
 * reads. Everything else goes to `next`.
 */
export function withDashboard(parts: DashboardParts, next: HttpHandler): HttpHandler {
  const dashboard = new Dashboard(parts);
  return async (request) => (await dashboard.answer(request)) ?? next(request);
}

class Dashboard {
  private readonly pages: ReadonlyMap<string, Page>;
  private files: Promise<ReadonlyMap<string, DashboardFile>> | null = null;

  constructor(private readonly parts: DashboardParts) {
    const { target } = parts;
    const figures = new ServerFigures(target);
    const ensemble = new EnsembleReport(target, figures, new Peers(parts.peers, target.clock));
    const tree = new TreePages(target);
    this.pages = new Map<string, Page>([
      ['server', () => figures.summary()],
      ['elections', () => target.commands.status.elections() ?? { sid: 0, elections: [] }],
      ['ensemble', () => ensemble.view()],
      ['ensemble-elections', () => ensemble.elections()],
      ['node', (request) => tree.node(request)],
      ['children', (request) => tree.children(request)],
      ['sessions', (request) => sessionsPage(target, request)],
      ['watches', (request) => watchesPage(target, request)],
      ['slow-requests', () => slowRequests(target)],
    ]);
  }

  /** Null: the request asks for something else. */
  async answer(request: HttpRequest): Promise<HttpReply | null> {
    const { path } = request;
    if (path === '/' || path === DASHBOARD_PATH) return seeOther(`${DASHBOARD_PATH}/`);
    if (!path.startsWith(`${DASHBOARD_PATH}/`)) return null;
    const name = path.slice(DASHBOARD_PATH.length + 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return withHeaders({ ...failure(405, 'This takes GET.'), headers: { allow: 'GET, HEAD' } });
    }
    return withHeaders(await (name.startsWith('api/') ? this.page(name.slice(4), request) : this.file(name)));
  }

  private async page(name: string, request: HttpRequest): Promise<HttpReply> {
    const page = this.pages.get(name);
    if (page === undefined) return failure(404, `There is no page ${name} of the dashboard.`);
    try {
      return json(200, await page(request));
    } catch (error) {
      if (error instanceof Refusal) return failure(error.status, error.message);
      throw error;
    }
  }

  private async file(name: string): Promise<HttpReply> {
    const files = await (this.files ??= this.parts.files());
    if (files.size === 0) return failure(404, 'The dashboard is not built here: npm run build.');
    const file = files.get(name === '' ? 'index.html' : name);
    return file === undefined ? failure(404, 'There is no such file of the dashboard.') : { status: 200, ...file };
  }
}

function json(status: number, value: unknown): HttpReply {
  return { status, contentType: 'application/json;charset=utf-8', body: JSON.stringify(value) };
}

function failure(status: number, error: string): HttpReply {
  return json(status, { error });
}

function seeOther(location: string): HttpReply {
  return withHeaders({ status: 302, contentType: 'text/plain', headers: { location }, body: `See ${location}\n` });
}

function withHeaders(reply: HttpReply): HttpReply {
  return { ...reply, headers: { ...SECURITY_HEADERS, ...reply.headers } };
}
