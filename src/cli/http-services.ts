import { readFile } from 'node:fs/promises';
import type { AdminControl } from '../admin/index.js';
import type { ServerConfig } from '../config/index.js';
import {
  type Endpoint,
  formatEndpoint,
  type HttpClient,
  type HttpHandler,
  type HttpListenOptions,
  type HttpServers,
  type Host,
  type Listener,
  NetworkError,
  type TlsContext,
} from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { PeerExit, type Server, StartError, TlsFileWatch } from '../peer/index.js';
import { makeExporter } from '../platform/index.js';
import { dashboardFiles } from './dashboard-files.js';
import type { ReloadTarget } from './reload.js';
import type { RunnableServer } from './run-server.js';

/** Prometheus keeps its connections for a while; whoever else asks comes rarely. */
const EXPORTER_IDLE_MS = 120_000;
const EXPORTER_CONNECTIONS = 256;

/**
 * A server with its HTTP ports: administration and metrics. They are open before the server is, so that probes are answered
 * while it reads its data; what answers them is loaded when somebody asks.
 */
export class ServerWithHttp implements RunnableServer, ReloadTarget {
  readonly finished: RunnableServer['finished'];
  private listeners: Listener[] = [];
  private hasEnded = false;
  private configText = '';
  private adminTls: TlsContext | null = null;
  private adminCertificates: TlsFileWatch | null = null;

  constructor(
    private readonly server: Server,
    private readonly host: Host & { readonly http: HttpServers; readonly httpClient: HttpClient },
    private readonly config: ServerConfig,
    private readonly metrics: Metrics,
    private readonly control: AdminControl,
  ) {
    this.finished = server.finished.then(async (end) => {
      await this.close();
      return end;
    });
  }

  async start(): Promise<void> {
    try {
      await this.openExporter();
      await this.openAdmin();
      await this.server.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  handOver(reason: string): boolean {
    return this.server.handOver(reason);
  }

  async stop(): Promise<void> {
    await this.close();
    await this.server.stop();
  }

  async prepareReload(next: ServerConfig): Promise<() => void> {
    const certificates = await this.adminCertificates?.prepare();
    const take = await this.server.prepareReload(next);
    return () => {
      certificates?.();
      take();
    };
  }

  private async close(): Promise<void> {
    this.hasEnded = true;
    this.adminCertificates?.stop();
    const { listeners } = this;
    this.listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  private async listen(options: HttpListenOptions, makeHandler: () => Promise<HttpHandler>): Promise<Endpoint> {
    const listener = await this.host.http.listen(options, makeHandler);
    if (this.hasEnded) await listener.close();
    else this.listeners.push(listener);
    return listener.endpoint;
  }

  private async openExporter(): Promise<void> {
    const { endpoint, isRequired, exportsProcess } = this.config.exporter;
    if (endpoint === null) return;
    try {
      const options = { endpoint, idleTimeoutMs: EXPORTER_IDLE_MS, maxConnections: EXPORTER_CONNECTIONS };
      const where = await this.listen(options, () => makeExporter(this.metrics, exportsProcess));
      this.host.log.info(`Metrics for Prometheus are at http://${shown(where)}/metrics.`, {
        code: 'METRICS_LISTENING',
      });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const what = `Metrics cannot be exported on ${shown(endpoint)} (${error.message})`;
      if (isRequired) {
        const mend = 'choose another metricsProvider.httpPort or metricsProvider.httpHost';
        throw new StartError(PeerExit.unexpected, `${what}: ${mend}`, { cause: error });
      }
      this.host.log.warn(`${what}, so they are not; set metricsProvider.httpPort to a free port.`, {
        code: 'METRICS_PORT_TAKEN',
      });
    }
  }

  private async openAdmin(): Promise<void> {
    const { endpoint, transport, commandUrl } = this.config.admin;
    if (endpoint === null) return;
    const { log } = this.host;
    this.configText = await readFile(this.config.configFile, 'utf8').catch(() => '');
    const options = await this.adminOptions(endpoint);
    const makeHandler = (): Promise<HttpHandler> => this.makeAdminHandler();
    try {
      const where = await this.listen(options, makeHandler);
      const scheme = transport === 'tls' ? 'https' : 'http';
      const base = `${scheme}://${shown(where)}`;
      log.info(`Administrators are answered at ${base}${commandUrl}; the dashboard is at ${base}/dashboard/.`, {
        code: 'ADMIN_LISTENING',
      });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const what = `The admin server cannot have ${shown(endpoint)} (${error.message})`;
      const where = await this.listen({ ...options, endpoint: { ...endpoint, port: 0 } }, makeHandler).catch(
        () => null,
      );
      const instead = where === null ? 'and is off' : `and is at ${shown(where)} instead`;
      log.warn(`${what} ${instead}; set admin.serverPort to a free port, or admin.enableServer=false.`, {
        code: 'ADMIN_PORT_TAKEN',
      });
    }
  }

  private async adminOptions(endpoint: Endpoint): Promise<HttpListenOptions> {
    const { idleTimeoutMs, maxConnections, transport, tls } = this.config.admin;
    const plain = { endpoint, idleTimeoutMs, maxConnections };
    const { clock, log } = this.host;
    if (tls === null || transport === 'plain') return plain;
    try {
      const context = await this.host.network.loadTls(tls.options);
      this.adminTls = context;
      const looks = this.config.quorumSecurity.tlsReloads;
      this.adminCertificates = new TlsFileWatch(clock, log, 'administrators', context, looks);
      const { handshakeTimeoutMs } = tls;
      const insecure = this.metrics.counter('insecure_admin_count');
      return { ...plain, tls: { context, transport, handshakeTimeoutMs, onPlain: () => insecure.add() } };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StartError(PeerExit.unexpected, `the admin server cannot use HTTPS: ${why}`, { cause: error });
    }
  }

  private async makeAdminHandler(): Promise<HttpHandler> {
    const { makeAdminHandler, withDashboard } = await import('../admin/index.js');
    const target = this.server.adminTarget(this.configText, this.control);
    const { endpoint, peerAddresses: addresses } = this.config.admin;
    const peers = { client: this.host.httpClient, addresses, port: endpoint?.port ?? 0, tls: this.adminTls };
    return withDashboard({ target, files: dashboardFiles, peers }, makeAdminHandler(target));
  }
}

function shown({ host, port }: Endpoint): string {
  return formatEndpoint({ host: host === '' ? '0.0.0.0' : host, port });
}
