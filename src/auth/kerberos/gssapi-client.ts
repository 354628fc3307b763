import { type SaslClient, type SaslClientStep, SaslError } from '../sasl.js';

/** One exchange with a service, by the ticket for it. */
export interface TicketExchange {
  /** Takes the service's token (empty to begin with); null: there is nothing to answer. Rejects with an Error. */
  step(token: Buffer): Promise<Buffer | null>;
  /** Has the service proven itself? Only then messages can be wrapped. */
  readonly isEstablished: boolean;
  /** Checks and opens a message of the service. Rejects with an Error. */
  unwrap(message: Buffer): Promise<Buffer>;
  /** Signs a message; it is not encrypted. */
  wrap(message: Buffer): Promise<Buffer>;
}

/** Gets tickets for services. */
export interface TicketHolder {
  /** Who the tickets are of: `service/host@REALM`. */
  readonly principal: string;
  /** `service` and `host` name whom the ticket is for. Rejects with an Error. */
  open(service: string, host: string): Promise<TicketExchange>;
}

/** No security layer (RFC 4752, 3.1), and messages of 0 bytes behind it, as there are none. */
const NO_LAYER = 1;
const CHOICE = Buffer.of(NO_LAYER, 0, 0, 0);
const OFFER_BYTES = 4;
const NO_TOKEN = Buffer.alloc(0);

type State =
  { readonly kind: 'new' | 'chosen' | 'over' } | { readonly kind: 'asked'; readonly exchange: TicketExchange };

/**
 * The dialling side of GSSAPI with Kerberos (RFC 4752): a ticket for the service, its proof, its offer of security layers, and
 * the choice of none. It asks to be taken for whom the ticket is of.
 */
export class GssapiClient implements SaslClient {
  private state: State = { kind: 'new' };

  constructor(
    private readonly tickets: TicketHolder,
    private readonly service: string,
    private readonly host: string,
  ) {}

  async first(): Promise<Buffer> {
    const exchange = await this.tickets.open(this.service, this.host).catch(this.failed);
    this.state = { kind: 'asked', exchange };
    return (await exchange.step(NO_TOKEN).catch(this.failed)) ?? NO_TOKEN;
  }

  async step(challenge: Buffer): Promise<SaslClientStep> {
    const { state } = this;
    this.state = { kind: 'over' };
    switch (state.kind) {
      case 'asked':
        if (state.exchange.isEstablished) return this.choose(state.exchange, challenge);
        this.state = state;
        return { token: (await state.exchange.step(challenge).catch(this.failed)) ?? NO_TOKEN, isDone: false };
      case 'chosen':
        if (challenge.length > 0) throw new SaslError('MALFORMED', 'the server said something behind the end');
        return { token: null, isDone: true };
      case 'new':
      case 'over':
        throw new SaslError('MALFORMED', 'a challenge came out of turn');
    }
  }

  private async choose(exchange: TicketExchange, challenge: Buffer): Promise<SaslClientStep> {
    const offer = await exchange.unwrap(challenge).catch(this.failed);
    if (offer.length !== OFFER_BYTES)
      throw new SaslError('MALFORMED', 'the offer of security layers has another length');
    if (((offer[0] ?? 0) & NO_LAYER) === 0) throw new SaslError('MALFORMED', 'the server wants a security layer');
    const choice = Buffer.concat([CHOICE, Buffer.from(this.tickets.principal)]);
    const token = await exchange.wrap(choice).catch(this.failed);
    this.state = { kind: 'chosen' };
    return { token, isDone: false };
  }

  private readonly failed = (cause: unknown): never => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SaslError('WRONG_PROOF', `no ticket for ${this.service}/${this.host} proves who this is: ${why}`);
  };
}
