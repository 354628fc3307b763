import type { HttpRequest } from '../../host/index.js';
import { pathFault } from '../../protocol/index.js';
import { Refusal } from './refusal.js';

const MAX_SEARCH_CHARACTERS = 1024;

export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  readonly whenAbsent: number;
}

/** A parameter that is a whole number. */
export function numberOf({ query }: HttpRequest, name: string, { min, max, whenAbsent }: NumberLimits): number {
  const text = query.get(name);
  if (text === undefined) return whenAbsent;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new Refusal(400, `The parameter ${name} must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

/** The path of a node. */
export function nodePathOf({ query }: HttpRequest): string {
  const path = query.get('path');
  if (path === undefined) throw new Refusal(400, 'The parameter path is missing.');
  const fault = pathFault(path);
  if (fault !== null) throw new Refusal(400, `The parameter path names no node: ${fault}.`);
  return path;
}

/** A text to look for; empty when absent. */
export function searchOf({ query }: HttpRequest, name: string): string {
  const text = query.get(name) ?? '';
  if (text.length > MAX_SEARCH_CHARACTERS) {
    throw new Refusal(400, `The parameter ${name} is longer than ${MAX_SEARCH_CHARACTERS} characters.`);
  }
  return text;
}

export interface Window {
  readonly offset: number;
  readonly limit: number;
}

/** Which part of a list is wanted. */
export function windowOf(request: HttpRequest): Window {
  return {
    offset: numberOf(request, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER, whenAbsent: 0 }),
    limit: numberOf(request, 'limit', { min: 1, max: 1000, whenAbsent: 100 }),
  };
}
