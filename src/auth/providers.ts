import { DigestProvider, type DigestOptions } from './digest-provider.js';
import { IpProvider } from './ip-provider.js';
import type { AuthProvider } from './provider.js';

export interface StandardProviderOptions extends DigestOptions {
  /** `zookeeper.DigestAuthenticationProvider.enabled` */
  readonly digestEnabled: boolean;
}

export const DEFAULT_PROVIDER_OPTIONS: StandardProviderOptions = {
  digestEnabled: true,
  algorithm: 'SHA1',
  superDigest: null,
};

/** The authentication schemes of a server, by name. `world`, `auth` and `super` are not providers but rules of `Access`. */
export class AuthProviders {
  private readonly byScheme = new Map<string, AuthProvider>();

  constructor(providers: Iterable<AuthProvider> = []) {
    for (const provider of providers) this.add(provider);
  }

  /** Those that every server has: ip, and digest unless it is switched off. Throws an `AuthConfigError`. */
  static standard(options: StandardProviderOptions = DEFAULT_PROVIDER_OPTIONS): AuthProviders {
    const providers = new AuthProviders([new IpProvider()]);
    if (options.digestEnabled) providers.add(new DigestProvider(options));
    return providers;
  }

  /** Adds a provider; one of the same scheme gives way. */
  add(provider: AuthProvider): void {
    this.byScheme.set(provider.scheme, provider);
  }

  get(scheme: string): AuthProvider | undefined {
    return this.byScheme.get(scheme);
  }

  get schemes(): readonly string[] {
    return [...this.byScheme.keys()];
  }
}
