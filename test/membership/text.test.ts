import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMembershipText } from '../../src/membership/index.js';

/** What the classes of Apache ZooKeeper 3.8.0 print for these lines, literally: hash order of ids and hosts included. */
const PRINTED_BY_JAVA: readonly { name: string; lines: string; text: string }[] = [
  {
    name: 'roles, client addresses, IPv6',
    lines: `server.3=zoo3:2888:3888:observer;2183
server.1=zoo1:2888:3888;2181
server.2=[2001:db8::7]:2888:3888:participant;[::1]:2182
version=100000003`,
    text: `server.1=zoo1:2888:3888:participant;0.0.0.0:2181
server.2=[2001:db8:0:0:0:0:0:7]:2888:3888:participant;[0:0:0:0:0:0:0:1]:2182
server.3=zoo3:2888:3888:observer;0.0.0.0:2183
version=100000003`,
  },
  {
    name: 'ids that share a hash bin, in the order in which the properties hand them out',
    lines: `server.17=zoo17:2888:3888
server.1=zoo1:2888:3888
server.33=zoo33:2888:3888
server.16=zoo16:2888:3888
server.255=zoo255:2888:3888`,
    text: `server.16=zoo16:2888:3888:participant
server.33=zoo33:2888:3888:participant
server.1=zoo1:2888:3888:participant
server.17=zoo17:2888:3888:participant
server.255=zoo255:2888:3888:participant
version=0`,
  },
  {
    name: 'groups and weights, those that were not given too',
    lines: `group.2=4:5:6
group.1=1:2:3
weight.6=0
weight.1=2
server.1=127.0.0.1:2881:3881
server.2=127.0.0.1:2882:3882
server.3=127.0.0.1:2883:3883
server.4=127.0.0.1:2884:3884
server.5=127.0.0.1:2885:3885
server.6=127.0.0.1:2886:3886
server.7=127.0.0.1:2887:3887:observer
version=2a`,
    text: `server.1=127.0.0.1:2881:3881:participant
server.2=127.0.0.1:2882:3882:participant
server.3=127.0.0.1:2883:3883:participant
server.4=127.0.0.1:2884:3884:participant
server.5=127.0.0.1:2885:3885:participant
server.6=127.0.0.1:2886:3886:participant
server.7=127.0.0.1:2887:3887:observer
group.1=1:2:3
group.2=4:5:6
weight.1=2
weight.2=1
weight.3=1
weight.4=1
weight.5=1
weight.6=0
version=2a`,
  },
  {
    name: 'several addresses, sorted by host',
    lines: `server.2=zoo2b:2889:3889|zoo2a:2888:3888|[::ffff:10.0.0.1]:2890:3890;0.0.0.0:2181
server.1=zoo1:2888:3888:participant|zoo1x:2888:3888:participant`,
    text: `server.1=zoo1:2888:3888|zoo1x:2888:3888:participant
server.2=10.0.0.1:2890:3890|zoo2a:2888:3888|zoo2b:2889:3889:participant;0.0.0.0:2181
version=0`,
  },
  {
    name: 'so many servers that the hash map has grown',
    lines: Array.from({ length: 14 }, (_, i) => `server.${(i + 1) * 7}=z${i + 1}:2888:3888`).join('\n'),
    text: `server.98=z14:2888:3888:participant
server.35=z5:2888:3888:participant
server.70=z10:2888:3888:participant
server.7=z1:2888:3888:participant
server.42=z6:2888:3888:participant
server.77=z11:2888:3888:participant
server.14=z2:2888:3888:participant
server.49=z7:2888:3888:participant
server.84=z12:2888:3888:participant
server.21=z3:2888:3888:participant
server.56=z8:2888:3888:participant
server.91=z13:2888:3888:participant
server.28=z4:2888:3888:participant
server.63=z9:2888:3888:participant
version=0`,
  },
];

describe('the text of a membership', () => {
  for (const { name, lines, text } of PRINTED_BY_JAVA) {
    it(`is byte for byte Java's: ${name}`, () => {
      assert.equal(parseMembershipText(lines).toText(), text);
    });

    it(`is read back to the same text: ${name}`, () => {
      assert.equal(parseMembershipText(text).toText(), text);
    });
  }

  it('is read as properties are: comments, blanks, escapes, CRLF', () => {
    const verifier = parseMembershipText(
      '# servers\r\n! more\r\n\r\nserver.1 = [\\:\\:1]\\:2888\\:3888\r\n version:2f \r\n',
    );
    assert.equal(verifier.toText(), 'server.1=[0:0:0:0:0:0:0:1]:2888:3888:participant\nversion=2f');
  });

  it('carries a version in hexadecimal digits', () => {
    const verifier = parseMembershipText('server.1=a:1:2\nversion=1fffffffffff0');
    assert.equal(verifier.version, 0x1fffffffffff0);
    assert.equal(verifier.withVersion(0x300000001).toText(), 'server.1=a:1:2:participant\nversion=300000001');
  });
});
