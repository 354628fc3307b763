// Random configurations, as somebody would write them into a file.
import fc from 'fast-check';
import { character, record } from '../support/arbitraries.js';

export interface Member {
  readonly sid: number;
  readonly isVoter: boolean;
  /** What stands behind `server.N=`, without the role. */
  readonly addresses: string;
  /** From `;` on. */
  readonly client: string;
  /** Null: there is no line, which means 1. */
  readonly weight: number | null;
  readonly group: number;
}

export interface Configuration {
  readonly members: readonly Member[];
  readonly hasGroups: boolean;
  readonly version: number;
}

const sid = fc.oneof(fc.nat(9), fc.nat(70), fc.constantFrom(255, 2 ** 31, 2 ** 32 + 1, 10 ** 15 - 1));
const name = fc.string({ unit: character('abz09-.'), minLength: 1, maxLength: 9 });
const host = fc.oneof(
  name,
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
  fc.constantFrom('[::1]', '[fe80::1%eth0]', '[::ffff:10.0.0.1]'),
);
const port = fc.integer({ min: 1, max: 65535 });
const address = fc
  .tuple(host, port, port)
  .filter(([, quorum, election]) => quorum !== election)
  .map((parts) => parts.join(':'));
const client = fc.oneof(
  fc.constant(''),
  port.map((value) => `;${value}`),
  fc.tuple(host, port).map((parts) => `;${parts.join(':')}`),
);

const member = record<Member>({
  ...{ sid, isVoter: fc.boolean(), client, group: fc.integer({ min: 1, max: 4 }) },
  addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 3 }).map((all) => all.join('|')),
  weight: fc.option(fc.nat(3), { nil: null, freq: 3 }),
});

const members = fc
  .uniqueArray(member, { minLength: 1, maxLength: 7, selector: ({ sid: one }) => one, size: 'max' })
  .map(([first, ...others]) => [{ ...(first as Member), isVoter: true }, ...others]);

/** At least one voter; an observer stands in a group only with a weight. */
export const configuration: fc.Arbitrary<Configuration> = record<Configuration>({
  members,
  hasGroups: fc.boolean(),
  version: fc.oneof(fc.constant(0), fc.maxSafeNat()),
});

export function inGroup({ isVoter, weight }: Member): boolean {
  return isVoter || weight !== null;
}

/** In the order of its members. */
export function textOf({ hasGroups, members: all, version }: Configuration): string {
  const lines = all.map(({ addresses, client: at, isVoter, sid: one }) => {
    const role = isVoter ? 'participant' : 'observer';
    const text = addresses.split('|').map((part) => `${part}:${role}`);
    return `server.${one}=${text.join('|')}${at}`;
  });
  if (hasGroups) {
    const grouped = all.filter(inGroup);
    for (const group of new Set(grouped.map((one) => one.group))) {
      const sids = grouped.filter((one) => one.group === group).map((one) => one.sid);
      lines.push(`group.${group}=${sids.join(':')}`);
    }
    for (const { sid: one, weight } of all) if (weight !== null) lines.push(`weight.${one}=${weight}`);
  }
  return [...lines, `version=${version.toString(16)}`].join('\n');
}
