import { timingSafeEqual } from 'node:crypto';
import type { Random } from '../host/index.js';
import {
  ALGORITHM,
  decoded,
  type DigestMaterial,
  digestResponse,
  isUtf8Asked,
  NONCE_BYTES,
  parseDirectives,
  QOP,
  quoted,
  required,
} from './digest-md5.js';
import { SaslError, type SaslServer, type SaslServerStep } from './sasl.js';

/** Names that both sides have built in: what a server calls its service and, as host and as realm, itself. */
export interface DigestService {
  readonly protocol: string;
  readonly serverName: string;
}

export const CLIENT_SERVICE: DigestService = { protocol: 'zookeeper', serverName: 'zk-sasl-md5' };
export const QUORUM_SERVICE: DigestService = { protocol: 'zookeeper-quorum', serverName: 'zk-quorum-sasl-md5' };

const NONCE_COUNT = '00000001';

/** The dialled side of DIGEST-MD5: a challenge, the client's response, the server's own proof. */
export class DigestMd5Server implements SaslServer {
  private readonly nonce: string;
  private state: 'new' | 'challenged' | 'over' = 'new';

  constructor(
    private readonly service: DigestService,
    private readonly users: ReadonlyMap<string, string>,
    random: Random,
  ) {
    this.nonce = random.bytes(NONCE_BYTES).toString('base64');
  }

  step(token: Buffer): SaslServerStep {
    switch (this.state) {
      case 'new':
        if (token.length > 0) throw this.failed('MALFORMED', 'the client began with a response');
        this.state = 'challenged';
        return { token: this.challenge(), user: null };
      case 'challenged':
        this.state = 'over';
        return this.verify(token);
      case 'over':
        throw this.failed('MALFORMED', 'a token came behind the end');
    }
  }

  private challenge(): Buffer {
    const directives = [
      `realm=${quoted(this.service.serverName)}`,
      `nonce=${quoted(this.nonce)}`,
      `qop=${quoted(QOP)}`,
      'charset=utf-8',
      `algorithm=${ALGORITHM}`,
    ];
    return Buffer.from(directives.join(','), 'latin1');
  }

  private verify(token: Buffer): SaslServerStep {
    const directives = parseDirectives(token);
    const isUtf8 = isUtf8Asked(directives);
    const text = (name: string) => decoded(required(directives, name), isUtf8);
    const user = text('username');
    this.checkService(directives);
    const password = this.users.get(user);
    if (password === undefined) throw this.failed('UNKNOWN_USER', `there is no user ${JSON.stringify(user)}`);
    const authorizationId = directives.get('authzid');
    const material: DigestMaterial = {
      user,
      password,
      realm: decoded(directives.get('realm') ?? '', isUtf8),
      nonce: this.nonce,
      cnonce: required(directives, 'cnonce'),
      nonceCount: NONCE_COUNT,
      uri: required(directives, 'digest-uri'),
      authorizationId: authorizationId === undefined ? null : decoded(authorizationId, isUtf8),
      isUtf8,
    };
    const expected = Buffer.from(digestResponse(material, 'client'), 'latin1');
    const given = Buffer.from(required(directives, 'response').toLowerCase(), 'latin1');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw this.failed('WRONG_PROOF', `the password of user ${JSON.stringify(user)} is another one`);
    }
    return { token: Buffer.from(`rspauth=${digestResponse(material, 'server')}`, 'latin1'), user };
  }

  /** Is the response for this challenge and this service? */
  private checkService(directives: ReadonlyMap<string, string>): void {
    const { protocol, serverName } = this.service;
    const uri = required(directives, 'digest-uri');
    const realm = directives.get('realm') ?? '';
    if (required(directives, 'nonce') !== this.nonce)
      throw this.failed('MALFORMED', 'the nonce is of another exchange');
    if (required(directives, 'nc') !== NONCE_COUNT) throw this.failed('MALFORMED', 'a nonce is good for one use');
    if ((directives.get('qop') ?? QOP) !== QOP) throw this.failed('MALFORMED', `only qop ${QOP} is offered`);
    if (realm !== '' && realm !== serverName)
      throw this.failed('MALFORMED', `there is no realm ${JSON.stringify(realm)}`);
    if (uri.toLowerCase() !== `${protocol}/${serverName}`) {
      throw this.failed('MALFORMED', `the response is for ${JSON.stringify(uri)}, not for ${protocol}/${serverName}`);
    }
  }

  private failed(code: SaslError['code'], message: string): SaslError {
    this.state = 'over';
    return new SaslError(code, message);
  }
}
