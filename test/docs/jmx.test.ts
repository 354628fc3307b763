// Every attribute and operation of ZooKeeper's MBeans is on the page that tells where it is reached here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

const page = readFileSync(new URL('../../docs/jmx.md', import.meta.url), 'utf8');
const MBEANS = readFileSync(new URL('zookeeper-3.9.5-mbeans.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

it('docs/jmx.md maps each attribute and operation of every MBean of ZooKeeper 3.9.5', () => {
  const absent = MBEANS.filter((line) => !new RegExp(`\\b${line.split(' ')[1] ?? ''}\\b`).test(page));
  assert.ok(MBEANS.length > 100);
  assert.deepEqual(absent, []);
});
