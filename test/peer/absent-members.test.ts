import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AbsentMembers } from '../../src/peer/absent-members.js';
import { World } from '../fakes/index.js';

/** Looks each second for members of 1, 2, 3 that are not `here`; says whom it dialled, when, and since when, and whom it told. */
class Search {
  readonly world = new World('absent');
  readonly dialled: string[] = [];
  readonly told: string[] = [];
  members = [1, 2, 3];
  here = [1];
  readonly absent: AbsentMembers;
  private readonly clock = this.world.host('one').clock;
  private readonly startMs = this.clock.monotonicMs();

  constructor() {
    this.absent = new AbsentMembers(this.clock, 200, 20_000, {
      members: () => this.members,
      present: () => this.here,
      dial: (sid, sinceMs) =>
        this.dialled.push(`${this.at(this.clock.monotonicMs())}: ${sid} since ${this.at(sinceMs)}`),
      tell: (sid) => this.told.push(`${this.at(this.clock.monotonicMs())}: ${sid}`),
    });
    this.absent.seek();
  }

  async run(ms: number): Promise<readonly string[]> {
    this.dialled.length = 0;
    await this.world.run(ms);
    return this.dialled;
  }

  private at(ms: number): number {
    return Math.round(ms - this.startMs);
  }
}

describe('members that do not follow', () => {
  it('are dialled, ever less often, by connections made since the search began', async () => {
    const search = new Search();
    search.here = [1, 2];
    assert.deepEqual(
      await search.run(14_500),
      [1000, 2000, 4000, 8000, 13_000].map((ms) => `${ms}: 3 since 0`),
    );
    assert.deepEqual(
      search.told,
      [1000, 2000, 4000, 8000, 13_000].map((ms) => `${ms}: 3`),
    );
    search.absent.rest();
    assert.deepEqual(await search.run(20_000), []);
    assert.equal(search.told.length, 5);
  });

  it('are dialled in the long run by connections that are not silent for longer than a server that looks is', async () => {
    const search = new Search();
    await search.run(27_000);
    const dialled = await search.run(10_500);
    assert.deepEqual(
      dialled.filter((line) => line.includes(': 3 ')),
      [28_000, 33_000].map((ms) => `${ms}: 3 since ${ms - 25_000}`),
    );
    search.absent.rest();
  });

  it('are dialled at once when they go, by connections made since they were here last', async () => {
    const search = new Search();
    search.here = [1, 2, 3];
    assert.deepEqual(await search.run(3500), []);
    search.here = [1, 2];
    assert.deepEqual(await search.run(2000), ['4000: 3 since 3000', '5000: 3 since 3000']);
    search.here = [1, 2, 3];
    assert.deepEqual(await search.run(1000), []);
    search.here = [1];
    assert.deepEqual(await search.run(1000), ['7000: 2 since 6000', '7000: 3 since 6000']);
    search.absent.rest();
  });

  it('are nobody when this server leads no more, or the list has them no more', async () => {
    const search = new Search();
    search.members = [];
    assert.deepEqual(await search.run(3000), []);
    search.members = [1, 2];
    assert.deepEqual(await search.run(1000), ['4000: 2 since 0']);
    search.absent.rest();
  });
});
