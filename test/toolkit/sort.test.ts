// Sorting what does not fit into memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BigSorter } from '../../src/toolkit/sort/big-sorter.js';
import { byPlace, type SizeRecord } from '../../src/toolkit/sort/size-record.js';
import { MemoryFiles } from './support.js';

const KEY = fc.string({ unit: fc.constantFrom('', 'a', 'b', '\u0000', 'é', '\u{1f600}', 'z'), maxLength: 4 });
const RECORDS = fc.array(fc.tuple(fc.nat(3), KEY), { maxLength: 120 });

describe('the sorter', () => {
  it('gives back all records in order, equal ones as they came, and leaves no file', async () => {
    await fc.assert(
      fc.asyncProperty(
        RECORDS,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 2, max: 4 }),
        async (places, held, fanIn) => {
          const files = new MemoryFiles(new Map());
          let fresh = 0;
          const scratch = { disk: files.disk, freshPath: () => `/t/${fresh++}` };
          const sorter = new BigSorter(scratch, { records: held, characters: 1000, fanIn });
          const records = places.map(([level, key], index): SizeRecord => ({
            level,
            key,
            ownBytes: index,
            totalBytes: 2 ** 40 + index,
            count: index,
          }));
          for (const record of records) {
            sorter.add(record);
            await sorter.pause();
          }
          const run = await sorter.sorted();
          const expected = records.toSorted(byPlace);
          const found: SizeRecord[] = [];
          for await (const batch of run.batches(0)) found.push(...batch);
          assert.deepEqual(found, expected);
          for (const level of new Set(places.map(([level]) => level))) {
            const mark = run.marks[level] ?? Number.NaN;
            const first = (await run.batches(mark).next()).value;
            assert.deepEqual(
              first?.[0],
              expected.find((record) => record.level === level),
            );
          }
          await run.remove();
          assert.equal(files.files.size, 0);
        },
      ),
    );
  });
});
