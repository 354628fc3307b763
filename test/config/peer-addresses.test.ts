import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adminAddresses } from '../../src/config/peer-addresses.js';

const type = adminAddresses();

describe('admin.peerAddresses', () => {
  const good: readonly [text: string, shown: string][] = [
    ['', ''],
    ['1=a:8080', '1=a:8080'],
    [' 1=a.example:1 , 2=[::1]:65535,', '1=a.example:1,2=[::1]:65535'],
  ];
  for (const [text, shown] of good) {
    it(`is read from "${text}"`, () => {
      const reading = type.read(text);
      assert.ok(reading.kind === 'value');
      assert.equal(type.show(reading.value), shown);
    });
  }

  const bad: readonly [text: string, reason: RegExp][] = [
    ['a:8080', /"a:8080" is not of the form 1=host:port/],
    ['1=a', /not of the form/],
    ['1=a:0', /not of the form/],
    ['1=a:65536', /not of the form/],
    ['1=::1:80', /not of the form/],
    ['-1=a:80', /not of the form/],
    ['1=a:80,1=b:80', /server 1 is named twice/],
  ];
  for (const [text, reason] of bad) {
    it(`refuses "${text}"`, () => {
      const reading = type.read(text);
      assert.ok(reading.kind === 'bad');
      assert.match(reading.reason, reason);
    });
  }
});
