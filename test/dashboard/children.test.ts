// Pages of children: sorted, complete, in short turns, whatever happens to the node meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChildPages, type FoundNames } from '../../src/admin/dashboard/children.js';
import { Refusal } from '../../src/admin/dashboard/refusal.js';
import { OPEN_ACL_UNSAFE, OpCode } from '../../src/protocol/index.js';
import { FakeClock } from '../fakes/index.js';
import { Driver } from '../tree/support.js';

const CHILDREN_A_TURN = 4096;
const MANY = process.env['ZK_TEST_LONG'] === '1' ? 1_000_000 : 100_000;

function create(driver: Driver, path: string): void {
  driver.run({
    type: OpCode.create,
    path,
    data: null,
    acl: OPEN_ACL_UNSAFE,
    ephemeral: false,
    parentCVersion: -1,
  });
}

function remove(driver: Driver, path: string): void {
  driver.run({ type: OpCode.delete, path });
}

class Stage {
  readonly driver = new Driver();
  readonly clock = new FakeClock();
  readonly pages = new ChildPages(this.clock, () => this.driver.tree);

  constructor(names: readonly string[]) {
    create(this.driver, '/many');
    for (const name of names) create(this.driver, `/many/${name}`);
  }

  /** `between`: is done in each break of the search. */
  async find(
    wanted: { after?: string; contains?: string; limit?: number },
    between: () => void = () => undefined,
  ): Promise<{ found: FoundNames; turns: number }> {
    const search = this.pages.search({ path: '/many', after: '', contains: '', limit: 100, ...wanted });
    const state = { isOver: false };
    const over = search.then(
      () => (state.isOver = true),
      () => (state.isOver = true),
    );
    let turns = 0;
    await settled();
    while (!state.isOver) {
      turns++;
      between();
      await this.clock.advance(1);
      await settled();
    }
    await over;
    return { found: await search, turns };
  }
}

/** Promises that can go on have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function sequential(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `n-${String((i * 7919) % count).padStart(7, '0')}`);
}

describe('pages of children', () => {
  it(`goes through ${MANY} children in turns, page by page`, async () => {
    const names = sequential(MANY);
    const stage = new Stage(names);
    const sorted = [...names].sort();
    const { found, turns } = await stage.find({ limit: 1000 });
    assert.deepEqual(found, { names: sorted.slice(0, 1000), hasMore: true });
    assert.ok(turns >= Math.floor(MANY / CHILDREN_A_TURN), `${turns} turns`);
    const last = await stage.find({ after: sorted.at(-11) ?? '', limit: 1000 });
    assert.deepEqual(last.found, { names: sorted.slice(-10), hasMore: false });
    const searched = await stage.find({ contains: '00042', limit: 1000 });
    assert.deepEqual(searched.found.names, sorted.filter((name) => name.includes('00042')).slice(0, 1000));
  });

  it('gives every name once, in order, whatever the names and the size of pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-zA-Zé😀][a-z0-9]{0,5}$/u), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (names, limit) => {
          const stage = new Stage(names);
          const all: string[] = [];
          for (let after = ''; ;) {
            const { found } = await stage.find({ after, limit });
            all.push(...found.names);
            if (!found.hasMore) break;
            after = found.names.at(-1) ?? '';
          }
          assert.deepEqual(all, [...names].sort());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('goes on when other children come and go', async () => {
    const names = sequential(3 * CHILDREN_A_TURN);
    const stage = new Stage(names);
    let made = 0;
    const { found } = await stage.find({ limit: 5 }, () => {
      create(stage.driver, `/many/z-${made++}`);
      remove(stage.driver, `/many/${names[made] ?? ''}`);
    });
    assert.equal(found.names.length, 5);
  });

  it('begins again when the child is gone where it had come to, and gives up in the end', async () => {
    const stage = new Stage(sequential(3 * CHILDREN_A_TURN));
    let times = 0;
    const once = await stage.find({ limit: 5 }, () => {
      if (times++ === 0) deleteAt(stage, CHILDREN_A_TURN);
    });
    assert.equal(once.found.names.length, 5);
    const gone = stage.find({ limit: 5 }, () => deleteAt(stage, CHILDREN_A_TURN));
    await assert.rejects(gone, (error) => error instanceof Refusal && error.status === 503);
  });

  it('ends with 404 when the node itself goes, and lets only so many wait', async () => {
    const stage = new Stage([]);
    remove(stage.driver, '/many');
    await assert.rejects(stage.find({}), (error) => error instanceof Refusal && error.status === 404);
    const crowd = new Stage(sequential(2 * CHILDREN_A_TURN));
    const wanted = { path: '/many', after: '', contains: '', limit: 1 };
    const waiting = Array.from({ length: 8 }, () => crowd.pages.search(wanted));
    assert.throws(() => crowd.pages.search(wanted), /Too many look for children/);
    const done = Promise.all(waiting);
    for (let turn = 0; turn < 40; turn++) {
      await crowd.clock.advance(1);
      await settled();
    }
    assert.equal((await done).length, 8);
    assert.equal((await crowd.find({ limit: 1 })).found.names.length, 1);
  });
});

/** The child at which a search makes its first break. */
function deleteAt({ driver }: Stage, place: number): void {
  const { tree } = driver;
  let row = tree.firstChild(tree.find('/many'));
  for (let i = 0; i < place; i++) row = tree.nextSibling(row);
  remove(driver, tree.pathOf(row));
}
