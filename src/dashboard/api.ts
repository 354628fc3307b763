import { useCallback, useEffect, useState } from 'preact/hooks';

/** Who the nodes are asked for as. It lives as long as this page, and nowhere but here. */
let credentials: { readonly user: string; readonly header: string } | null = null;

/** Digest authentication: the header carries bytes of UTF-8, each as one character. */
export function signIn(user: string, password: string): void {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  credentials = { user, header: `digest ${Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')}` };
}

export function signOut(): void {
  credentials = null;
}

export function signedInAs(): string | null {
  return credentials?.user ?? null;
}

/** A page that was refused, with what the server says about it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const FAILED_STATUS = 400;

/** Asks the server for JSON. Only nodes are asked for with credentials. */
export async function ask<T>(
  page: string,
  parameters: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const query = new URLSearchParams(parameters).toString();
  const isTree = page === 'node' || page === 'children';
  const headers: Record<string, string> = isTree && credentials !== null ? { authorization: credentials.header } : {};
  const response = await fetch(`api/${page}${query === '' ? '' : `?${query}`}`, {
    headers,
    ...(signal === undefined ? {} : { signal }),
    credentials: 'omit',
  });
  const body = (await response.json()) as unknown;
  if (response.status >= FAILED_STATUS) throw new ApiError(response.status, (body as { readonly error: string }).error);
  return body as T;
}

export interface Loaded<T> {
  readonly data: T | null;
  /** Why there is nothing newer; null: nothing is wrong. */
  readonly error: Error | null;
  readonly reload: () => void;
}

/** Asks when what is asked for changes (what was told before stays until then), and again and again when `everyMs` is not 0 and the page is seen. */
export function usePage<T>(page: string, parameters: Readonly<Record<string, string>>, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ readonly data: T | null; readonly error: Error | null }>({
    data: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify([page, parameters]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => {
      if (everyMs > 0 && !abort.signal.aborted) timer = setTimeout(load, everyMs);
    };
    const load = (): void => {
      if (document.hidden) {
        again();
        return;
      }
      const [name, given] = JSON.parse(key) as [string, Record<string, string>];
      ask<T>(name, given, abort.signal)
        .then((data) => setState({ data, error: null }))
        .catch((error: unknown) => {
          if (!abort.signal.aborted) setState((before) => ({ data: before.data, error: asError(error) }));
        })
        .finally(again);
    };
    load();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, everyMs, turn]);
  return { ...state, reload };
}

function asError(error: unknown): Error {
  if (error instanceof ApiError) return error;
  return new Error('The server does not answer.', { cause: error });
}
