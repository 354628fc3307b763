import { SaslError, type SaslErrorCode, type SaslServer, type SaslServerStep } from '../sasl.js';
import { contextKeys, type ContextKeys } from './context-keys.js';
import { DerError } from './der.js';
import { KerberosCryptoError } from './encryption-types.js';
import type { ServiceKey } from './key-tab.js';
import { unwrap, wrap } from './wrap-token.js';

/** A ticket that was found good. */
export interface AcceptedTicket {
  /** What the client is to get; null: it asked for no proof of the server. */
  readonly reply: Buffer | null;
  /** Whose ticket it is: `user@REALM` or `service/host@REALM`. */
  readonly client: string;
  /** For which service it is. */
  readonly service: string;
}

/** Verifies tickets by a key table: seal, times, replays. */
export interface TicketVerifier {
  /** Takes the client's first token. Rejects with an Error when the ticket is no good. */
  accept(token: Buffer): Promise<AcceptedTicket>;
}

/** Kerberos as a server needs it. */
export interface KerberosService {
  /** `service/host@REALM`, for which tickets must be. */
  readonly principal: string;
  /** Those of that principal now; rejects with an Error when they cannot be read. */
  readonly keys: () => Promise<readonly ServiceKey[]>;
  /** The realm whose users have short names. */
  readonly defaultRealm: string;
  readonly verifier: TicketVerifier;
}

/** Bits of the security layers (RFC 4752, 3.3): none is the only one here, as ZooKeeper carries plain messages behind it. */
const NO_LAYER = 1;
/** The layers that are offered, and the longest message of one: 0 where there is none. */
const OFFER = Buffer.from([NO_LAYER, 0, 0, 0]);
const CHOICE_BYTES = 4;
const NO_TOKEN = Buffer.alloc(0);

type State =
  | { readonly kind: 'new' }
  /** The client has a reply and answers it with an empty token. */
  | { readonly kind: 'accepted' | 'offered'; readonly client: string; readonly keys: ContextKeys }
  | { readonly kind: 'over' };

/**
 * The dialled side of GSSAPI with Kerberos (RFC 4752): the client's ticket, the server's proof where the client asks for it, the
 * offer of security layers, the client's choice. The name in that choice is not looked at, as with ZooKeeper: the user is
 * who the ticket names.
 */
export class GssapiServer implements SaslServer {
  private state: State = { kind: 'new' };

  constructor(private readonly service: KerberosService) {}

  async step(token: Buffer): Promise<SaslServerStep> {
    const { state } = this;
    this.state = { kind: 'over' };
    switch (state.kind) {
      case 'new':
        if (token.length > 0) return this.accept(token);
        // A client may wait for a challenge, which is empty.
        this.state = state;
        return { token: NO_TOKEN, user: null };
      case 'accepted':
        if (token.length > 0) throw new SaslError('MALFORMED', "the client answered the server's proof with something");
        return this.offer(state.client, state.keys);
      case 'offered':
        return { token: null, user: this.choose(token, state.client, state.keys) };
      case 'over':
        throw new SaslError('MALFORMED', 'a token came behind the end');
    }
  }

  private async accept(token: Buffer): Promise<SaslServerStep> {
    const { principal, keys, verifier } = this.service;
    const { reply, client, service } = await verifier.accept(token).catch(notProven);
    if (service !== principal) throw new SaslError('WRONG_PROOF', `the ticket is for ${service}, not for ${principal}`);
    const now = await keys().catch(notProven);
    const made = orFailed(() => contextKeys(token, reply, now));
    if (reply === null) return this.offer(client, made);
    this.state = { kind: 'accepted', client, keys: made };
    return { token: reply, user: null };
  }

  private offer(client: string, keys: ContextKeys): SaslServerStep {
    const token = orFailed(() => wrap(keys, OFFER));
    this.state = { kind: 'offered', client, keys };
    return { token, user: null };
  }

  private choose(token: Buffer, client: string, keys: ContextKeys): string {
    const choice = orFailed(() => unwrap(keys, token));
    if (choice.length < CHOICE_BYTES) throw new SaslError('MALFORMED', 'the choice of a security layer is cut short');
    if (choice[0] !== NO_LAYER)
      throw new SaslError('MALFORMED', 'the client wants a security layer, of which there is none');
    return client;
  }
}

/** What the client sent decides what these throw. */
function orFailed<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof DerError) throw failed('MALFORMED', error);
    if (error instanceof KerberosCryptoError) throw failed('WRONG_PROOF', error);
    throw error;
  }
}

function notProven(cause: unknown): never {
  throw failed('WRONG_PROOF', cause);
}

function failed(code: SaslErrorCode, cause: unknown): SaslError {
  return new SaslError(code, cause instanceof Error ? cause.message : String(cause));
}
