import { type Clock, type Endpoint, formatEndpoint, type HttpClient, type TlsContext } from '../../host/index.js';
import type { QuorumServer } from '../../membership/index.js';
import { DASHBOARD_PATH } from './place.js';
import type { Shape } from './shapes.js';

/** Who does not answer in this time is shown as not reachable. */
const TIMEOUT_MS = 1500;
const MAX_BYTES = 4 * 1024 * 1024;
/** However many look at the dashboard, a peer is asked once in this time. */
const FRESH_MS = 400;

/** How the admin ports of the other servers are found and asked. */
export interface PeerAccess {
  readonly client: HttpClient;
  /** By server id, of those whose admin port is not at its quorum address. */
  readonly addresses: ReadonlyMap<number, Endpoint>;
  /** The admin port of the others: this server's own. */
  readonly port: number;
  /** Null: they are asked by plain HTTP. */
  readonly tls: TlsContext | null;
}

export type PeerAnswer<T> =
  { readonly value: T; readonly problem: '' } | { readonly value: null; readonly problem: string };

/** Asks other servers what they tell of themselves. */
export class Peers {
  private readonly recent = new Map<string, { readonly atMs: number; readonly answer: Promise<PeerAnswer<unknown>> }>();

  constructor(
    private readonly access: PeerAccess,
    private readonly clock: Clock,
  ) {}

  adminEndpoint({ sid, addresses }: QuorumServer): Endpoint {
    const given = this.access.addresses.get(sid);
    return given ?? { host: addresses[0]?.host ?? '', port: this.access.port };
  }

  /** `name`: of the page; the answer has that shape, and says by its `sid` whose it is. */
  ask<T extends { readonly sid: number }>(
    server: QuorumServer,
    name: string,
    isRight: Shape<T>,
  ): Promise<PeerAnswer<T>> {
    const key = `${name} ${server.sid} ${formatEndpoint(this.adminEndpoint(server))}`;
    const nowMs = this.clock.monotonicMs();
    const known = this.recent.get(key);
    if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.answer as Promise<PeerAnswer<T>>;
    for (const [old, { atMs }] of this.recent) if (nowMs - atMs >= FRESH_MS) this.recent.delete(old);
    const answer = this.askNow(server, name, isRight);
    this.recent.set(key, { atMs: nowMs, answer });
    return answer;
  }

  private async askNow<T extends { readonly sid: number }>(
    server: QuorumServer,
    name: string,
    isRight: Shape<T>,
  ): Promise<PeerAnswer<T>> {
    const endpoint = this.adminEndpoint(server);
    const { client, tls } = this.access;
    const path = `${DASHBOARD_PATH}/api/${name}`;
    try {
      const { status, text } = await client.get({ endpoint, path, tls, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
      if (status !== 200) return problem(`its admin port answers ${status}: is it a zk-server with a dashboard?`);
      const value: unknown = JSON.parse(text);
      if (!isRight(value)) return problem('its admin port answers something else: is it a zk-server of this version?');
      if (value.sid === server.sid) return { value, problem: '' };
      return problem(`server ${value.sid} answers there; set admin.peerAddresses`);
    } catch (error) {
      return problem(error instanceof Error ? error.message : String(error));
    }
  }
}

function problem(why: string): { readonly value: null; readonly problem: string } {
  return { value: null, problem: why };
}
