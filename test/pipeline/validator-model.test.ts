import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '../fakes/index.js';
import { ValidatorScenario } from './validator-scenario.js';

const SEEDS = 40;
const STEPS = 250;
const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/a/s-', '/d', '/d/e', '/zookeeper/x', '/a//b', 'x'];
const MODES = ['persistent', 'ephemeral', 'sequential', 'ephemeral-sequential', 'container', 'ttl', '9'];
const ACLS = ['world:anyone=cdrwa', 'world:anyone=cdrwa', 'world:anyone=r', 'auth:=cdrwa', 'ip:10.0.0.0/8=rw', 'none'];

function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

function randomOp(random: SeededRandom): string {
  const path = pick(random, PATHS);
  const version = random.below(4) - 1;
  switch (random.below(7)) {
    case 0:
      return `delete ${path} version=${version}`;
    case 1:
      return `set ${path} data=d${random.below(100)} version=${version}`;
    case 2:
      return `check ${path} version=${version}`;
    case 3:
      return `createTTL ${path} mode=ttl ttl=${random.below(3) * 1000}`;
    default: {
      const verb = pick(random, ['create', 'create2', 'createContainer']);
      return `${verb} ${path} data=${random.below(100)} mode=${pick(random, MODES)} acl=${pick(random, ACLS)}`;
    }
  }
}

function randomLine(random: SeededRandom): string {
  const who = `s${random.below(3)}`;
  switch (random.below(12)) {
    case 0:
      return `${who}: multi ${Array.from({ length: random.below(5) }, () => randomOp(random)).join('; ')}`.trim();
    case 1:
      return `${who}: setAcl ${pick(random, PATHS)} acl=${pick(random, ACLS)} version=${random.below(3) - 1}`;
    case 2:
      return `${who}: deleteContainer ${pick(random, PATHS)}`;
    case 3:
      return random.below(6) === 0 ? `${who}: closeSession` : `${who}: createSession 5000`;
    default:
      return `${who}: ${randomOp(random)}`;
  }
}

function start(): ValidatorScenario {
  const scenario = new ValidatorScenario();
  const setup = [
    'options extendedTypes',
    'session s0',
    'session s1',
    'auth s1 digest:u:p',
    'session s2',
    'auth s2 super:',
  ];
  for (const line of setup) scenario.run(line);
  return scenario;
}

describe('requests are judged the same whether what came before is applied or pending', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`seed ${seed}`, () => {
      const random = new SeededRandom(seed);
      const eager = start();
      const lagging = start();
      for (let step = 0; step < STEPS; step++) {
        const line = randomLine(random);
        const expected = eager.run(line);
        eager.run('apply');
        assert.equal(lagging.run(line), expected, `step ${step}: ${line}`);
        // The scenario compares the predicted digests whenever it applies.
        if (random.below(10) === 0) lagging.run(`apply ${random.below(12)}`);
      }
      lagging.run('apply');
      assert.equal(lagging.run('tree'), eager.run('tree'));
    });
  }
});
