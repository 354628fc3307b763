// Times and numbers as the Java virtual machine writes them (the times were printed by OpenJDK 17).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JavaDates } from '../../src/toolkit/index.js';
import { juteString, paddedHex, plainHex } from '../../src/toolkit/java-text.js';

describe('dates', () => {
  const cases: readonly (readonly [zone: string, timeMs: number, shortLong: string, date: string, medium: string])[] = [
    ['UTC', 0, '1/1/70, 12:00:00 AM UTC', 'Thu Jan 01 00:00:00 UTC 1970', 'Jan 1, 1970, 12:00:00 AM'],
    [
      'UTC',
      1_795_738_841_999,
      '11/27/26, 12:20:41 AM UTC',
      'Fri Nov 27 00:20:41 UTC 2026',
      'Nov 27, 2026, 12:20:41 AM',
    ],
    ['UTC', 951_825_599_000, '2/29/00, 11:59:59 AM UTC', 'Tue Feb 29 11:59:59 UTC 2000', 'Feb 29, 2000, 11:59:59 AM'],
    [
      'America/New_York',
      1_795_738_841_999,
      '11/26/26, 7:20:41 PM EST',
      'Thu Nov 26 19:20:41 EST 2026',
      'Nov 26, 2026, 7:20:41 PM',
    ],
    // The second before, and the first of, the hour that comes twice.
    [
      'America/New_York',
      1_793_512_799_000,
      '11/1/26, 1:59:59 AM EDT',
      'Sun Nov 01 01:59:59 EDT 2026',
      'Nov 1, 2026, 1:59:59 AM',
    ],
    [
      'America/New_York',
      1_793_512_800_000,
      '11/1/26, 1:00:00 AM EST',
      'Sun Nov 01 01:00:00 EST 2026',
      'Nov 1, 2026, 1:00:00 AM',
    ],
  ];
  for (const [name, timeMs, shortLong, date, medium] of cases) {
    it(`${timeMs} in ${name}`, () => {
      const dates = new JavaDates({ name });
      assert.deepEqual([dates.shortLong(timeMs), dates.date(timeMs), dates.medium(timeMs)], [shortLong, date, medium]);
    });
  }

  it('are numbers where no calendar has them', () => {
    assert.equal(new JavaDates({ name: 'UTC' }).date(Number.MAX_SAFE_INTEGER), String(Number.MAX_SAFE_INTEGER));
  });
});

describe('numbers and texts', () => {
  it('hexadecimal, padded and not', () => {
    assert.deepEqual(
      [paddedHex(0), paddedHex(-1n), paddedHex(0x100000005)],
      ['0x00000000000000', '0xffffffffffffffff', '0x00000100000005'],
    );
    assert.deepEqual([plainHex(-1), plainHex(255)], ['ffffffffffffffff', 'ff']);
  });

  it('texts of jute, escaped', () => {
    assert.equal(juteString('/a,b}%\n\r\0'), "'/a%2Cb%7D%25%0A%0D%00");
  });
});
