import type { HttpRequest } from '../host/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import { type Fields, fields, type Json } from './json.js';
import type { AdminTarget } from './needs.js';

/** What a command answers. */
export interface Answer {
  /** 200 when absent. */
  readonly status?: number;
  readonly fields: Fields;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in place of the fields. */
  readonly stream?: AsyncIterable<Buffer>;
}

export type Run<P> = (target: AdminTarget, pipeline: P, request: HttpRequest) => Answer | Promise<Answer>;

/** A command of ZooKeeper's admin server. */
export type Command = {
  /** The one that answers carry comes first. */
  readonly names: readonly [string, ...string[]];
  readonly method: 'GET' | 'POST';
} & (
  | { readonly when: 'serving'; readonly needsAuth: boolean; readonly run: Run<RequestPipeline> }
  | { readonly when: 'always'; readonly needsAuth?: true; readonly run: Run<RequestPipeline | null> }
);

type Names = readonly [string, ...string[]];
type FieldsOf<P> = (target: AdminTarget, pipeline: P, request: HttpRequest) => Fields | Promise<Fields>;

/** A GET command that is answered while this server serves. */
export function serving(names: Names, read: FieldsOf<RequestPipeline>): Command {
  const run: Run<RequestPipeline> = async (...given) => ({ fields: await read(...given) });
  return { names, method: 'GET', when: 'serving', needsAuth: false, run };
}

/** A GET command that is answered at any time. */
export function always(names: Names, read: FieldsOf<RequestPipeline | null>): Command {
  const run: Run<RequestPipeline | null> = async (...given) => ({ fields: await read(...given) });
  return { names, method: 'GET', when: 'always', run };
}

/** A command for those who may do everything with the root node. */
export function guarded(names: Names, method: Command['method'], run: Run<RequestPipeline>): Command {
  return { names, method, when: 'serving', needsAuth: true, run };
}

/** The same, also while this server serves nobody. */
export function guardedAlways(names: Names, method: Command['method'], run: Run<RequestPipeline | null>): Command {
  return { names, method, when: 'always', needsAuth: true, run };
}

export function failure(status: number, error: string): Answer {
  return { status, fields: fields({ error }) };
}

export const NOTHING: Fields = new Map<string, Json>();
