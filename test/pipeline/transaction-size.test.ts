// No transaction is larger than what servers take from each other, whatever a client makes of its request.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ValidatorScenario } from './validator-scenario.js';

/** So much of the limit may stay unused. */
const SPARE_BYTES = 28;
const AUTHS = ['auth s digest:alice:secret', 'auth s digest:bob:secret'];

/** Each by what it becomes where there is room: `before` runs first. */
const REQUESTS: readonly { readonly text: string; readonly before?: string }[] = [
  { text: 'create /a data=something acl=auth:=cdrwa' },
  { text: 'create /ä acl=auth:=r,auth:1=w,auth:2=c,auth:3=d,auth:4=a' },
  { text: 'createContainer /a mode=container acl=auth:=r,auth:1=w,auth:2=c' },
  { text: 'createTTL /a mode=ttl ttl=1000 acl=auth:=r,auth:1=w,auth:2=c' },
  { text: 'create /s mode=sequential acl=auth:=cdrwa,world:anyone=r' },
  { text: 'setAcl /given acl=auth:=r,auth:1=w,auth:2=c', before: 'create /given' },
  { text: `set /given data=${'x'.repeat(300)}`, before: 'create /given' },
  { text: 'multi create /a acl=auth:=cdrwa; create /a/b acl=auth:=r; set /a data=xyz; check /a; delete /a/b' },
  { text: 'multi create /a acl=auth:=r,auth:1=w; create /a/b; delete /none; create /c; create /d; create /e' },
];

function given(limit: number, before: string | undefined): ValidatorScenario {
  const scenario = new ValidatorScenario();
  scenario.run(`options extendedTypes maxTransactionBytes=${limit}`);
  scenario.run('session s');
  for (const auth of AUTHS) scenario.run(auth);
  if (before !== undefined) scenario.run(`s: ${before}`);
  scenario.run('apply');
  return scenario;
}

describe('a transaction that is too large', () => {
  for (const { text, before } of REQUESTS) {
    it(`is refused and leaves nothing: ${text.slice(0, 60)}`, () => {
      const ample = given(1_000_000, before);
      const wanted = ample.run(`s: ${text}`);
      const bytes = ample.lastBytes;
      for (let limit = 200; limit <= bytes + SPARE_BYTES; limit++) {
        const scenario = given(limit, before);
        const made = scenario.run(`s: ${text}`);
        assert.ok(scenario.lastBytes <= limit, `${scenario.lastBytes} bytes, the limit is ${limit}`);
        if (limit === bytes + SPARE_BYTES) assert.equal(made, wanted);
        if (made === wanted) continue;
        assert.match(made, /error marshallingError/);
        assert.equal(scenario.run('pending'), '0');
        assert.equal(scenario.warnings.length, 1);
        assert.match(scenario.warnings[0] ?? '', /MarshallingError.*jute\.maxbuffer/);
        scenario.run('apply');
      }
    });
  }

  it('is never made in the memory, either: few bytes of a request can stand for much', () => {
    const scenario = given(2_000_000, undefined);
    for (let n = 0; n < 1000; n++) scenario.run(`auth s digest:user${n}:secret`);
    const acl = Array.from({ length: 20_000 }, (_, n) => `auth:${n}=r`).join(',');
    assert.equal(scenario.run(`s: create /a acl=${acl}`), '0x1 error marshallingError');
  });

  it('is told of once a minute', () => {
    const scenario = given(200, undefined);
    for (let n = 0; n < 5; n++) scenario.run('s: create /a acl=auth:=r,auth:1=w,auth:2=c');
    assert.equal(scenario.warnings.length, 1);
  });

  it('is no reason to keep a session: its end lists no nodes then', () => {
    const scenario = given(200, undefined);
    for (let n = 0; n < 30; n++) scenario.run(`s: create /e${n} mode=ephemeral`);
    assert.match(scenario.run('s: closeSession'), /closeSession \(no list\)/);
    assert.ok(scenario.lastBytes <= 200);
    scenario.run('apply');
    assert.equal(scenario.run('stat /e7'), 'absent');
  });
});

describe('a request of a client with more ids than a leader judges by', () => {
  const AUTHED = 1023;

  function withMany(more: number): ValidatorScenario {
    const scenario = given(10_000_000, 'create /given');
    scenario.run('session t');
    // Its address is one, too.
    for (let n = 0; n < AUTHED + more; n++) scenario.run(`auth t digest:user${n}:secret`);
    return scenario;
  }

  it('is refused, whatever it asks for, and said once', () => {
    const scenario = withMany(1);
    for (const text of ['create /a', 'set /given data=x', 'multi create /a; check /given', 'delete /given']) {
      assert.match(scenario.run(`t: ${text}`), /error marshallingError$/);
    }
    assert.equal(scenario.run('pending'), '0');
    assert.equal(scenario.warnings.length, 1);
    assert.match(scenario.warnings[0] ?? '', /MarshallingError.*authenticated as more users.*1024/);
  });

  it('is judged like any other with one id less', () => {
    assert.match(withMany(0).run('t: create /a'), /create \/a/);
  });

  it('can still end its session', () => {
    const scenario = withMany(1);
    assert.match(scenario.run('t: closeSession'), /closeSession/);
    assert.equal(scenario.warnings.length, 0);
  });

  it('is refused as moved when its session is elsewhere by now', () => {
    assert.match(withMany(1).run('t@7: create /a'), /error sessionMoved$/);
  });
});
