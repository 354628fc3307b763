import type { AclQuestion, AuthClient, AuthOutcome, AuthProvider } from './provider.js';
import { isX500Name, subjectOf } from './x500-name.js';

/** Scheme `x509`: the owner of the certificate that a TLS client showed. */
export class X509Provider implements AuthProvider {
  readonly scheme = 'x509';
  readonly identifiesUser = true;

  /** `superUser`: `zookeeper.X509AuthenticationProvider.superUser`, a subject whom no ACL binds. */
  constructor(private readonly superUser: string | null) {}

  authenticate(_data: Buffer, { certificates }: AuthClient): AuthOutcome {
    const [own] = certificates;
    const subject = own === undefined ? null : subjectOf(own);
    if (subject === null) return { kind: 'refused' };
    const id = { scheme: this.scheme, id: subject };
    return { kind: 'accepted', ids: subject === this.superUser ? [{ scheme: 'super', id: subject }, id] : [id] };
  }

  isValidId(id: string): boolean {
    return isX500Name(id);
  }

  matches({ id, expression }: AclQuestion): boolean {
    return id === expression || (this.superUser !== null && id === this.superUser);
  }

  userName(id: string): string {
    return id;
  }
}
