import type { FaultContext, FaultKind } from './fault.js';

/** Undoes a fault after its time. */
function later({ ensemble, fault }: FaultContext, undo: () => void): true {
  ensemble.during(fault.forMs, undo);
  return true;
}

function slow(context: FaultContext, from: string, to: string, latencyMs: number): void {
  const link = context.ensemble.world.network.link(from, to);
  const before = { latencyMs: link.latencyMs, jitterMs: link.jitterMs };
  Object.assign(link, { latencyMs, jitterMs: latencyMs });
  later(context, () => Object.assign(link, before));
}

/** A link needs two ends. */
function otherThan({ ensemble, name, other, random }: FaultContext): string {
  if (other !== name) return other;
  const others = ensemble.names.filter((one) => one !== name);
  return others[random.below(others.length)] ?? other;
}

function cutOff(context: FaultContext, names: readonly string[], mode: 'silent' | 'reset', oneWay = false): true {
  const { ensemble, name } = context;
  const { network } = ensemble.world;
  for (const other of names) if (other !== name) network.cut(name, other, { mode, oneWay });
  return later(context, () => {
    for (const other of names) if (other !== name) network.heal(name, other);
  });
}

export const NETWORK_FAULTS: readonly FaultKind[] = [
  {
    name: 'message delay',
    family: 'network',
    strike: (context) => {
      const latencyMs = 5 + context.random.below(80);
      for (const other of context.ensemble.names) {
        if (other === context.name) continue;
        slow(context, context.name, other, latencyMs);
        slow(context, other, context.name, latencyMs);
      }
      return true;
    },
  },
  {
    name: 'slow link',
    family: 'network',
    strike: (context) => {
      slow(context, context.name, otherThan(context), 100 + context.random.below(1500));
      return true;
    },
  },
  {
    name: 'hung link',
    family: 'network',
    strike: (context) => cutOff(context, [otherThan(context)], 'silent'),
  },
  {
    name: 'connection loss',
    family: 'network',
    strike: (context) => {
      const { ensemble, name, random } = context;
      const others = random.oneIn(2) ? [otherThan(context)] : [...ensemble.names, ...ensemble.clientNames];
      for (const one of others) if (one !== name) ensemble.world.network.breakConnections(name, one);
      return true;
    },
  },
  {
    name: 'one-way cut',
    family: 'network',
    strike: (context) => {
      const { ensemble, random } = context;
      return cutOff(context, random.oneIn(2) ? [otherThan(context)] : ensemble.names, 'silent', true);
    },
  },
  {
    name: 'isolated server',
    family: 'network',
    weight: 2,
    strike: (context) => {
      const { ensemble, random } = context;
      // Its clients may still reach it: what they write there must not count.
      const names = random.oneIn(2) ? ensemble.names : [...ensemble.names, ...ensemble.clientNames];
      return cutOff(context, names, random.oneIn(2) ? 'silent' : 'reset');
    },
  },
  {
    // The others start anew behind the cut and elect another leader at once, while this one still waits for them: for a
    // while two of them serve their clients.
    name: 'deposed leader',
    family: 'network',
    weight: 2,
    strike: (context) => {
      const { ensemble, random } = context;
      const leader = ensemble.find('leader');
      if (!ensemble.server(leader).isLeader) return false;
      for (const other of ensemble.names) {
        if (other !== leader) ensemble.crash(other, 'kill', 50 + random.below(100));
      }
      // What is proposed there is never committed, and a sync behind it never answered: so sometimes only readers come.
      const { clientNames, plan } = ensemble;
      const writers = random.oneIn(2) ? clientNames.slice(plan.settings.readers) : [];
      cutOff({ ...context, name: leader }, writers, 'reset');
      return cutOff({ ...context, name: leader }, ensemble.names, 'silent');
    },
  },
  {
    name: 'partition',
    family: 'network',
    strike: (context) => {
      const { ensemble, random } = context;
      const side = new Map([...ensemble.names, ...ensemble.clientNames].map((name) => [name, random.below(2)]));
      const mode = random.oneIn(2) ? 'silent' : 'reset';
      const pairs = [...side].flatMap(([a, x]) =>
        [...side].filter(([b, y]) => a < b && x !== y).map(([b]) => [a, b] as const),
      );
      if (new Set(ensemble.names.map((name) => side.get(name))).size < 2) return false;
      for (const [a, b] of pairs) ensemble.world.network.cut(a, b, { mode });
      return later(context, () => {
        for (const [a, b] of pairs) ensemble.world.network.heal(a, b);
      });
    },
  },
  {
    name: 'partial partition',
    family: 'network',
    strike: (context) => {
      const { ensemble, random } = context;
      const names = ensemble.names.filter((one) => one !== context.name && random.oneIn(2));
      return names.length > 0 && cutOff(context, names, random.oneIn(2) ? 'silent' : 'reset');
    },
  },
  {
    name: 'client cut off',
    family: 'network',
    strike: (context) => {
      const { ensemble, random } = context;
      const client = ensemble.clientNames[random.below(ensemble.clientNames.length)] ?? '';
      return cutOff({ ...context, name: client }, ensemble.names, random.oneIn(2) ? 'silent' : 'reset');
    },
  },
];
