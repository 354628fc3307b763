import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auditText } from '../../src/platform/audit-file.js';

describe('a line of the audit log', () => {
  const event = { session: '0x1', user: 'u', ip: '10.0.0.1', operation: 'create', result: 'failure' } as const;

  it('is one line, whatever clients put into it', () => {
    const text = auditText({ ...event, user: 'a\tresult=success', znode: '/x\n2026-11-28 INFO forged\r\u2028' });
    assert.equal(
      text,
      'session=0x1\tuser=a\\u0009result=success\tip=10.0.0.1\toperation=create\t' +
        'znode=/x\\u000a2026-11-28 INFO forged\\u000d\\u2028\tresult=failure',
    );
  });

  it('does not grow with a path', () => {
    const text = auditText({ ...event, znode: `/${'x'.repeat(1_000_000)}` });
    assert.ok(text.length < 5000, String(text.length));
    assert.match(text, /x\.\.\.\tresult=failure$/);
  });
});
