import { OpCode, Xid } from '../../src/protocol/index.js';
import type { SeededRandom } from '../fakes/seeded-random.js';
import { SUPER_PASSWORD } from './side.js';
import { MORTAL_MS } from './stage.js';
import type { Field, Request, Step } from './steps.js';

/** What a scene is made with. */
export interface Cast {
  /** Who it is about. */
  readonly slot: number;
  readonly random: SeededRandom;
  /** Another slot watches a path. */
  readonly watch: (path: string) => Step;
  /** Something that other slots do. */
  readonly other: () => Step;
}

const OPEN: Field = { v: [[{ i: 31 }, { s: 'world' }, { s: 'anyone' }]] };
const CONFIG = '/zookeeper/config';
/** Reconfigurations that change nobody's place; most are refused, each for another reason. */
const WISHES: readonly (readonly [
  joining: string | null,
  leaving: string | null,
  members: string | null,
  from: number,
])[] = [
  [null, '9', null, 5],
  [null, '9', null, -1],
  [null, 'three', null, -1],
  [null, '2,3', null, -1],
  [null, '1,2,3', null, -1],
  ['server.4', null, null, -1],
  ['server.x=127.0.0.1:1:2:participant;3', null, null, -1],
  ['server.4=127.0.0.1:1;3', null, null, -1],
  [null, null, 'clientPort=2181', -1],
  [null, null, 'server.7=127.0.0.1:1:2:participant;3,server.8=127.0.0.1:4:5:participant;6', -1],
  [null, null, null, -1],
];

/** A session with ephemeral nodes, which others watch, dies of silence; then its client comes back for it. */
export function dyingScene({ slot, random, watch, other }: Cast): Step[] {
  const mark = `~/mark${slot}`;
  const ephemeral = (path: string, flags: number): Request => ({
    op: OpCode.create,
    fields: [{ s: path }, { b: 'x' }, OPEN, { i: flags }],
  });
  const paths = ['~/a', '~/a/b', '~/b', '~/e', '~/e/x', '~/s', '~/s/n'];
  const nodes = Array.from({ length: random.below(5) }, () =>
    ephemeral(paths[random.below(paths.length)] as string, random.oneIn(3) ? 3 : 1),
  );
  const watched = [mark, '~', paths[random.below(paths.length)] as string];
  return [
    opens(slot, MORTAL_MS),
    sends(slot, [ephemeral(mark, 1), ...nodes]),
    ...watched.map(watch),
    ...Array.from({ length: random.below(3) }, other),
    { kind: 'expire', slot, mark, isSilent: random.oneIn(2) },
    {
      kind: 'open',
      slot,
      claim: { who: 'slot', slot, password: 'right' },
      timeoutMs: 300_000,
      seen: 'none',
      readOnly: false,
      hasReadOnly: true,
    },
    sends(slot, [{ op: OpCode.getChildren2, fields: [{ s: '~' }, { z: false }] }]),
  ];
}

/** What a client sees of the configuration, and what it is told when it wants another one. */
export function configScene({ slot, random, watch }: Cast): Step[] {
  const path: Field = { s: CONFIG };
  const reads: Request[] = [
    { op: OpCode.getData, fields: [path, { z: false }] },
    { op: OpCode.exists, fields: [path, { z: false }] },
    { op: OpCode.getACL, fields: [path] },
    { op: OpCode.getChildren2, fields: [{ s: '/zookeeper' }, { z: false }] },
    { op: OpCode.getAllChildrenNumber, fields: [path] },
    { op: OpCode.sync, fields: [path] },
  ];
  const wish = (): Step => {
    const [joining, leaving, members, from] = WISHES[random.below(WISHES.length)] as (typeof WISHES)[number];
    const fields: Field[] = [{ s: joining }, { s: leaving }, { s: members }, { l: from }];
    return sends(slot, [{ op: OpCode.reconfig, fields }]);
  };
  const auth: Request = { op: OpCode.auth, fields: [{ i: 0 }, { s: 'digest' }, { b: SUPER_PASSWORD }], xid: Xid.auth };
  return [
    opens(slot, 300_000),
    watch(CONFIG),
    sends(slot, reads),
    wish(),
    sends(slot, [{ op: OpCode.setData, fields: [path, { b: 'x' }, { i: -1 }] }]),
    sends(slot, [auth]),
    ...Array.from({ length: 3 }, wish),
    sends(slot, reads.slice(0, 2)),
    sends(slot, [{ op: OpCode.closeSession, fields: [] }]),
  ];
}

function opens(slot: number, timeoutMs: number): Step {
  const claim = { who: 'new' } as const;
  return { kind: 'open', slot, claim, timeoutMs, seen: 'none', readOnly: false, hasReadOnly: true };
}

function sends(slot: number, requests: readonly Request[]): Step {
  return { kind: 'send', slot, requests };
}
