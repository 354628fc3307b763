import { pathToFileURL } from 'node:url';
import type { AuthProvider } from '../auth/index.js';
import type { ServerConfig } from '../config/index.js';
import { ExitCode } from './exit-codes.js';

/** A module of `authProvider.N` that cannot be used. */
export class AuthModuleError extends Error {
  override readonly name = 'AuthModuleError';
  readonly exitCode = ExitCode.unexpected;
}

/** What a module is told: every system property (`zookeeper.<key>`) that no part of this server reads. */
export type ModuleProperties = ReadonlyMap<string, string>;

const METHODS = ['authenticate', 'isValidId', 'matches', 'userName'] as const;

function isProvider(value: unknown): value is AuthProvider {
  if (typeof value !== 'object' || value === null) return false;
  const provider = value as Record<string, unknown>;
  return (
    typeof provider['scheme'] === 'string' &&
    typeof provider['identifiesUser'] === 'boolean' &&
    METHODS.every((method) => typeof provider[method] === 'function')
  );
}

/**
 * Loads the modules that `authProvider.N=/path/to/module.mjs` names. The default export is a provider (see `AuthProvider`),
 * or a function that makes one, or a promise of one, from the properties that nobody else reads.
 */
export async function loadAuthModules({ access, extraProperties }: ServerConfig): Promise<readonly AuthProvider[]> {
  const providers: AuthProvider[] = [];
  for (const named of access.providers) {
    if (named.kind === 'module') providers.push(await loadModule(named.key, named.path, extraProperties));
  }
  return providers;
}

async function loadModule(key: string, path: string, properties: ModuleProperties): Promise<AuthProvider> {
  let provider: unknown;
  try {
    const { default: exported } = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const make = exported as (properties: ModuleProperties) => unknown;
    provider = typeof exported === 'function' ? await make(properties) : exported;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AuthModuleError(`${key}: the module ${path} cannot be loaded: ${why}`, { cause });
  }
  if (isProvider(provider)) return provider;
  const wanted = ['scheme', 'identifiesUser', ...METHODS].join(', ');
  throw new AuthModuleError(`${key}: the default export of ${path} is no authentication scheme: it needs ${wanted}`);
}
