import type { AuthClient, AuthOutcome, AuthProvider } from './provider.js';

export interface EnsembleOptions {
  /** `zookeeper.ensembleAuthName`; null: any name is right. */
  readonly names: readonly string[] | null;
  /** Tells of a client that says another name; how often is its own affair. */
  readonly onMismatch: (name: string, client: AuthClient) => void;
}

/**
 * Scheme `ensemble`: a client says which ensemble it means, and is turned away without an answer when this is another one,
 * so that it tries its next address. Nobody has an id of it.
 */
export class EnsembleProvider implements AuthProvider {
  readonly scheme = 'ensemble';
  readonly identifiesUser = false;

  constructor(private readonly options: EnsembleOptions) {}

  authenticate(data: Buffer, client: AuthClient): AuthOutcome {
    const { names, onMismatch } = this.options;
    const name = data.toString('utf8');
    if (names === null || data.length === 0 || names.includes(name)) return { kind: 'accepted', ids: [] };
    onMismatch(name, client);
    return { kind: 'disconnect' };
  }

  isValidId(): boolean {
    return false;
  }

  matches(): boolean {
    return false;
  }

  userName(id: string): string {
    return id;
  }
}
