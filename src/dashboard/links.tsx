import type { EnsembleMember } from '../status/index.js';
import { roleOf } from './role.js';

const SIZE = 300;
const CENTRE = SIZE / 2;
const RING = 100;
const RADIUS = 30;
const EDGE = 14;

interface Place {
  readonly member: EnsembleMember;
  readonly x: number;
  readonly y: number;
}

/** Who is connected to the leader. The picture says nothing that the cards do not. */
export function Links({ members }: { members: readonly EnsembleMember[] }) {
  const leader = members.find(({ summary }) => summary?.mode === 'leader');
  const places = members.map((member, at): Place => {
    const angle = (2 * Math.PI * at) / members.length - Math.PI / 2;
    const ring = members.length === 1 ? 0 : RING;
    return { member, x: CENTRE + ring * Math.cos(angle), y: CENTRE + ring * Math.sin(angle) };
  });
  const hub = places.find(({ member }) => member === leader);
  const top = Math.min(...places.map(({ y }) => y)) - RADIUS - EDGE;
  const bottom = Math.max(...places.map(({ y }) => y)) + RADIUS + EDGE;
  return (
    <svg class="links" viewBox={`0 ${top} ${SIZE} ${bottom - top}`} role="img" aria-label={describe(members, leader)}>
      {hub !== undefined &&
        places.filter((place) => place !== hub).map((place) => <Link key={place.member.sid} from={hub} to={place} />)}
      {places.map(({ member, x, y }) => (
        <g key={member.sid} class={`node role-${roleOf(member).split(' ')[0] ?? ''}`}>
          <circle cx={x} cy={y} r={RADIUS} />
          <text x={x} y={y - 1}>
            {member.sid}
          </text>
          <text x={x} y={y + 14} class="small">
            {roleOf(member).split(' ')[0]}
          </text>
        </g>
      ))}
    </svg>
  );
}

function Link({ from, to }: { from: Place; to: Place }) {
  const { learner } = to.member;
  const state = learner === null ? 'absent' : learner.isLive ? 'live' : 'syncing';
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  return (
    <g class={`link ${state}`}>
      <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
      {learner !== null && learner.lag > 0 && (
        <text x={x} y={y} class="small">
          {learner.lag} behind
        </text>
      )}
    </g>
  );
}

function describe(members: readonly EnsembleMember[], leader: EnsembleMember | undefined): string {
  if (leader === undefined) return `${members.length} servers; none is known to lead.`;
  const others = members.filter((member) => member !== leader);
  const links = others.map(({ sid, learner }) => {
    if (learner === null) return `server ${sid} is not connected to it`;
    return `server ${sid} is ${learner.isLive ? 'connected' : 'being synchronized'}, ${learner.lag} transactions behind`;
  });
  return [`Server ${leader.sid} leads`, ...links].join('; ');
}
