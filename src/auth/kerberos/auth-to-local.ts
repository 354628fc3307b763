/** Short names of Kerberos principals (`security.auth_to_local`), by rules in the form of MIT's krb5.conf. */
import type { KerberosName } from '../kerberos-name.js';

/** Rules that cannot be read. */
export class NameRuleError extends Error {
  override readonly name = 'NameRuleError';
}

/** Null: the rule does not fit. `parts` are the realm and the components of the name. */
type NameRule = (parts: readonly string[], defaultRealm: string) => string | null;

export const DEFAULT_RULES = 'DEFAULT';

/** `DEFAULT`, or `RULE:[n:format](pattern)s/from/to/g`, whose last two parts may be left out. */
const RULE = /\s*(?:DEFAULT|RULE:\[(\d+):([^\]]*)\](?:\(([^)]*)\))?(?:s\/([^/]*)\/([^/]*)\/(g)?)?)\s*/y;

const defaultRule: NameRule = ([realm, first], defaultRealm) => (realm === defaultRealm ? (first ?? null) : null);

/** Turns principals into names by the first rule that fits. */
export class NameRules {
  private constructor(private readonly rules: readonly NameRule[]) {}

  /** Throws a `NameRuleError`. */
  static parse(text: string): NameRules {
    const rules: NameRule[] = [];
    const reader = new RegExp(RULE);
    while (reader.lastIndex < text.length) {
      const at = reader.lastIndex;
      const match = reader.exec(text);
      if (match === null) throw new NameRuleError(`no rule stands at ${JSON.stringify(text.slice(at))}`);
      rules.push(ruleOf(match));
    }
    return new NameRules(rules);
  }

  /** The short name; null: no rule fits, or what a rule makes is no simple name. */
  shortName({ service, host, realm }: KerberosName, defaultRealm: string): string | null {
    if (host === null && realm === null) return service;
    const parts = host === null ? [realm ?? '', service] : [realm ?? '', service, host];
    for (const rule of this.rules) {
      const name = rule(parts, defaultRealm);
      if (name !== null) return /[/@]/.test(name) ? null : name;
    }
    return null;
  }
}

function ruleOf([text, count, format = '', pattern, from, to = '', all]: RegExpExecArray): NameRule {
  if (count === undefined) return defaultRule;
  const fits = pattern === undefined ? null : expression(`^(?:${pattern})$`, '', text);
  const replaced = from === undefined ? null : expression(from, all ?? '', text);
  return (parts) => {
    if (parts.length - 1 !== Number(count)) return null;
    const base = format.replace(/\$(\d+)/g, (_, n: string) => parts[Number(n)] ?? '');
    if (fits !== null && !fits.test(base)) return null;
    return replaced === null ? base : base.replace(replaced, to);
  };
}

function expression(source: string, flags: string, rule: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (cause) {
    throw new NameRuleError(`${rule.trim()} has a pattern that cannot be read`, { cause });
  }
}
