// zoo.cfg when the server list moves into a file of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewriteConfig } from '../../src/config/index.js';

const CASES: readonly { name: string; before: string; after: string; dropsClientPort?: boolean }[] = [
  {
    name: 'keeps order and comments',
    before: '# mine\ntickTime=2000\nserver.1=a:2888:3888\n\n! too\nserver.2=b:2888:3888\ndataDir=/d\n',
    after: '# mine\ntickTime=2000\n\n! too\ndataDir=/d\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n',
  },
  {
    name: 'takes out groups, weights, the role, and the file before',
    before: 'group.1=1:2\nweight.1=2\npeerType=observer\ndynamicConfigFile=/c/old\ninitLimit=5',
    after: 'initLimit=5\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n',
  },
  {
    name: 'takes out an entry with its continuations',
    before: 'server.1=a:2888\\\n  :3888\ntickTime=1\n',
    after: 'tickTime=1\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n',
  },
  {
    name: 'reads other ways to write an entry',
    before: '  server.1 : a:2888:3888\r\nserver.2 b:2888:3888\r\ntickTime 1\r\n',
    after: 'tickTime 1\r\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n',
  },
  {
    name: 'keeps the client port that only it names',
    before: 'clientPort=2181\nclientPortAddress=h\nsecureClientPort=2281\n',
    after: 'clientPort=2181\nclientPortAddress=h\nsecureClientPort=2281\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n',
  },
  {
    name: 'takes out the client port that the list names',
    before: 'clientPort=2181\nclientPortAddress=h\nsecureClientPort=2281\n',
    after: 'secureClientPort=2281\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n',
    dropsClientPort: true,
  },
  { name: 'keeps what is no ASCII', before: '# é ü\n', after: '# é ü\ndynamicConfigFile=/c/zoo.cfg.dynamic.1\n' },
];

describe('zoo.cfg with a server list of its own', () => {
  for (const { name, before, after, dropsClientPort = false } of CASES) {
    it(name, () => {
      const fresh = rewriteConfig(Buffer.from(before), { dynamicFile: '/c/zoo.cfg.dynamic.1', dropsClientPort });
      assert.equal(fresh.toString(), after);
      assert.equal(
        rewriteConfig(fresh, { dynamicFile: '/c/zoo.cfg.dynamic.1', dropsClientPort }).toString(),
        after,
        'a second time',
      );
    });
  }
});
