/** Keys of which there are many: a pattern each. */
export interface KeyFamily {
  readonly pattern: RegExp;
  /** How the family is written in documentation. */
  readonly form: string;
  readonly kind: 'membership' | 'access' | 'missing';
  /** May it come from a system property (`zookeeper.<key>`)? */
  readonly property: boolean;
  readonly effect: string;
}

export const KEY_FAMILIES: readonly KeyFamily[] = [
  {
    // ZooKeeper asks for no more than these beginnings, so "group1" is a group line, if a broken one.
    pattern: /^(server\.|group|weight)/,
    form: 'server.N, group.N, weight.N',
    kind: 'membership',
    property: false,
    effect: 'The servers of the ensemble, their groups and how much their votes count.',
  },
  {
    pattern: /^version$/,
    form: 'version',
    kind: 'membership',
    property: false,
    effect: 'Version of the server list, in hexadecimal digits.',
  },
  {
    pattern: /^metricsProvider\./,
    form: 'metricsProvider.*',
    kind: 'missing',
    property: false,
    effect: 'A setting of the class that exports the metrics.',
  },
  {
    pattern: /^authProvider\./,
    form: 'authProvider.*',
    kind: 'access',
    property: true,
    effect: 'An authentication scheme: its Java class, where this server has it built in, or the path of a module.',
  },
  {
    pattern: /^superUser\../,
    form: 'superUser.*',
    kind: 'access',
    property: true,
    effect: 'One more SASL user whom no ACL binds.',
  },
];

export function familyOf(key: string): KeyFamily | undefined {
  return KEY_FAMILIES.find((family) => family.pattern.test(key));
}
