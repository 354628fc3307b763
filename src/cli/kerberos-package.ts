import type { AcceptedTicket, TicketExchange, TicketHolder, TicketVerifier } from '../auth/index.js';

/** What is used of the npm package `kerberos`: both sides of GSSAPI. Tokens are base64. */
export interface KerberosPackage {
  /** An empty service: whatever the key table has keys of. */
  initializeServer(service: string): Promise<ServerContext>;
  /** `service@host`; flags of RFC 2744. */
  initializeClient(
    service: string,
    options: { principal: string; flags: number; mechOID: number },
  ): Promise<ClientContext>;
}

interface ServerContext {
  readonly username: string | null;
  readonly targetName: string | null;
  readonly response: string | null;
  step(token: string): Promise<unknown>;
}

interface ClientContext {
  readonly response: string | null;
  readonly contextComplete: boolean;
  step(token: string): Promise<unknown>;
  unwrap(message: string): Promise<unknown>;
  wrap(message: string, options: { protect: boolean }): Promise<unknown>;
}

/** Of the environment, which the library reads at every use. */
export type Variables = Record<string, string | undefined>;

/** RFC 2744: the service proves itself; messages are told from replayed and reordered ones; they are signed. */
const Flag = { mutual: 2, replay: 4, sequence: 8, integrity: 32 } as const;
/** The package's number of Kerberos' mechanism. */
const KERBEROS = 9;

/** So many may wait for the library; where it hangs, those who come later hear it at once. */
const MOST_WAITING = 256;

/** One use of the library after the other. */
function line(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (act) => {
    if (waiting >= MOST_WAITING) return Promise.reject(new Error(`${MOST_WAITING} others wait for Kerberos`));
    waiting++;
    const mine = last.then(act).finally(() => waiting--);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** The library knows one key table at a time, but clients and servers may have one each. */
const verifying = line();
/** A KDC that does not answer holds one thread of the pool and not all of them, which files need, too. */
const asking = line();

/** Verifies tickets by this key table, which it names in `env`. */
export function ticketVerifier(kerberos: KerberosPackage, keyTab: string, env: Variables): TicketVerifier {
  const accept = async (token: Buffer): Promise<AcceptedTicket> => {
    const table = `FILE:${keyTab}`;
    if (env['KRB5_KTNAME'] !== table) env['KRB5_KTNAME'] = table;
    const context = await kerberos.initializeServer('');
    await context.step(base64(token));
    const { username, targetName, response } = context;
    if (username === null || targetName === null) throw new Error('the ticket names nobody');
    return { reply: bytes(response), client: username, service: targetName };
  };
  return { accept: (token) => verifying(() => accept(token)) };
}

/** Gets tickets of this principal, which the library renews by itself. */
export function ticketHolder(kerberos: KerberosPackage, principal: string): TicketHolder {
  const flags = Flag.mutual | Flag.replay | Flag.sequence | Flag.integrity;
  return {
    principal,
    async open(service, host) {
      const options = { principal, flags, mechOID: KERBEROS };
      return exchange(await asking(() => kerberos.initializeClient(`${service}@${host}`, options)));
    },
  };
}

function exchange(context: ClientContext): TicketExchange {
  return {
    get isEstablished() {
      return context.contextComplete;
    },
    async step(token) {
      await asking(() => context.step(base64(token)));
      return bytes(context.response);
    },
    async unwrap(message) {
      await context.unwrap(base64(message));
      return bytes(context.response) ?? Buffer.alloc(0);
    },
    async wrap(message) {
      await context.wrap(base64(message), { protect: false });
      return bytes(context.response) ?? Buffer.alloc(0);
    },
  };
}

function base64(token: Buffer): string {
  return token.toString('base64');
}

/** An empty answer is none. */
function bytes(response: string | null): Buffer | null {
  return response === null || response === '' ? null : Buffer.from(response, 'base64');
}
