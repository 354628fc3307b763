import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KEY_OF_FILE_NAME } from '../../src/config/keys/index.js';
import { nearestName } from '../../src/config/nearest.js';

describe('the key that was meant', () => {
  const CASES: readonly (readonly [written: string, meant: string | undefined])[] = [
    ['TICKTIME', 'tickTime'],
    ['tickTiem', 'tickTime'],
    ['snapcount', 'snapCount'],
    ['snapCounts', 'snapCount'],
    ['maxClientCnxn', 'maxClientCnxns'],
    ['dataLogDIr', 'dataLogDir'],
    ['autopurge.purgeinterval', 'autopurge.purgeInterval'],
    ['autopurge.snapRetain', 'autopurge.snapRetainCount'],
    ['4lw.command.whitelist', '4lw.commands.whitelist'],
    ['x', undefined],
    ['com.example.audit.sink', undefined],
  ];
  for (const [written, meant] of CASES) {
    it(written, () => assert.equal(nearestName(written, KEY_OF_FILE_NAME.keys()), meant));
  }
});
