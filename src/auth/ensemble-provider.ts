import type { AuthClient, AuthOutcome, AuthProvider } from './provider.js';

export interface EnsembleOptions {
  /** `zookeeper.ensembleAuthName`; null: any name is right. */
  readonly names: readonly string[] | null;
  /** Tells of a client that says another name; how often is its own affair. */
  readonly onMismatch: (name: string, client: AuthClient) => void;
  /** Told of each client: it said the right name, none (or there is none to say), or another one. */
  readonly onOutcome?: (outcome: 'success' | 'skip' | 'fail') => void;
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
    const { names, onMismatch, onOutcome } = this.options;
    const name = data.toString('utf8');
    if (names === null || data.length === 0 || names.includes(name)) {
      onOutcome?.(names === null || data.length === 0 ? 'skip' : 'success');
      return { kind: 'accepted', ids: [] };
    }
    onOutcome?.('fail');
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
