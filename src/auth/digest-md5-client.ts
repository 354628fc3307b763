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
import type { DigestService } from './digest-md5-server.js';
import { type SaslClient, type SaslClientStep, SaslError } from './sasl.js';

/** The dialling side of DIGEST-MD5. It says nothing before the challenge; its first token is empty. */
export class DigestMd5Client implements SaslClient {
  private material: DigestMaterial | null = null;

  constructor(
    private readonly service: DigestService,
    private readonly user: string,
    private readonly password: string,
    private readonly random: Random,
  ) {}

  first(): Buffer {
    return Buffer.alloc(0);
  }

  step(challenge: Buffer): SaslClientStep {
    const directives = parseDirectives(challenge);
    if (this.material !== null) {
      if (required(directives, 'rspauth') !== digestResponse(this.material, 'server')) {
        throw new SaslError('WRONG_PROOF', 'the server does not know the password');
      }
      return { token: null, isDone: true };
    }
    const isUtf8 = isUtf8Asked(directives);
    if (required(directives, 'algorithm') !== ALGORITHM) {
      throw new SaslError('MALFORMED', `the server wants another algorithm than ${ALGORITHM}`);
    }
    const offered = (directives.get('qop') ?? QOP).split(',').map((word) => word.trim());
    if (!offered.includes(QOP)) throw new SaslError('MALFORMED', `the server does not offer qop ${QOP}`);
    const { protocol, serverName } = this.service;
    const material: DigestMaterial = {
      user: this.user,
      password: this.password,
      realm: decoded(directives.get('realm') ?? serverName, isUtf8),
      nonce: required(directives, 'nonce'),
      cnonce: this.random.bytes(NONCE_BYTES).toString('base64'),
      nonceCount: '00000001',
      uri: `${protocol}/${serverName}`,
      authorizationId: null,
      isUtf8,
    };
    this.material = material;
    return { token: Buffer.from(responseText(material), isUtf8 ? 'utf8' : 'latin1'), isDone: false };
  }
}

function responseText(material: DigestMaterial): string {
  const { user, realm, nonce, cnonce, nonceCount, uri, isUtf8 } = material;
  const directives = [
    ...(isUtf8 ? ['charset=utf-8'] : []),
    `username=${quoted(user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `nc=${nonceCount}`,
    `cnonce=${quoted(cnonce)}`,
    `digest-uri=${quoted(uri)}`,
    'maxbuf=65536',
    `response=${digestResponse(material, 'client')}`,
    `qop=${QOP}`,
  ];
  return directives.join(',');
}
