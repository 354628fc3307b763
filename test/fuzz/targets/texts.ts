import { readdirSync, readFileSync } from 'node:fs';
import { JaasSyntaxError, parseJaas, type JaasSection } from '../../../src/config/jaas.js';
import { ALL_KEYS, formatFault } from '../../../src/config/index.js';
import { MembershipError, parseMembershipText } from '../../../src/membership/index.js';
import { loadText, type MemoryTree } from '../../config/memory-files.js';
import { assertSame, assertStable, attempt, Broken, type Target } from '../target.js';

const EXAMPLES = new URL('../../config/real-world/', import.meta.url);
const SERVER_WORDS = [
  ...['server.1=', 'server.2=', 'group.1=', 'weight.1=', 'version=', ':participant', ':observer', ';', '|', ':', '\n'],
  ...['[::1]', '127.0.0.1', 'host', '2888', '3888', '65536', '0', '-1', 'ffffffffffffffff', ':2:3', '='],
];
const BASE: MemoryTree = { '/var/lib/zookeeper/myid': '1\n', '/data/myid': '1\n' };

/** Loads a configuration: never an exception, and a reason where there is no result. */
async function load(text: Buffer, files: MemoryTree): Promise<void> {
  const { config, faults } = await loadText(text, { files: { ...BASE, ...files } });
  if (config === null && !faults.some(({ severity }) => severity === 'error'))
    throw new Broken('refused without a reason');
  for (const fault of faults) {
    if (fault.reason === '' || formatFault(fault) === '') throw new Broken(`a fault (${fault.code}) without words`);
  }
}

export const zooCfg: Target = {
  name: 'zoo-cfg',
  seeds: () => readdirSync(EXAMPLES).map((name) => readFileSync(new URL(name, EXAMPLES))),
  words: [
    ...[...ALL_KEYS.keys()].map((name) => `\n${name}=`),
    ...SERVER_WORDS,
    ...[
      'true',
      'false',
      '#',
      '!',
      '\\',
      '\\u0041',
      '\\\n',
      ' ',
      '\t',
      '/data',
      '${X}',
      '1.5',
      '0x10',
      '99999999999999999999',
    ],
  ],
  run: (bytes) => load(bytes, {}),
};

const DYNAMIC = [
  'server.1=a:2888:3888:participant;2181\nserver.2=b:2888:3888:observer;0.0.0.0:2181\nversion=100000003\n',
  'server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\ngroup.1=1:2\ngroup.2=3\nweight.1=2\nweight.3=0\nversion=1f',
  'server.1=a:1:2|b:1:2:participant\nserver.2=[::1]:1:2',
];
const STATIC = Buffer.from(
  'tickTime=2000\ninitLimit=5\nsyncLimit=5\ndataDir=/data\ndynamicConfigFile=/etc/zoo.cfg.dynamic\n',
);

export const dynamicConfig: Target = {
  name: 'dynamic-config',
  seeds: () => DYNAMIC.map((text) => Buffer.from(text)),
  words: SERVER_WORDS,
  run: async (bytes) => {
    const text = bytes.toString('latin1');
    const parse = (from: string) => parseMembershipText(from, { multiAddress: true });
    const verifier = attempt([MembershipError], () => parse(text));
    if (verifier !== undefined) {
      const printed = verifier.toText();
      assertSame('the text of a membership', parse(printed).toText(), printed);
    }
    await load(STATIC, { '/etc/zoo.cfg.dynamic': bytes });
  },
};

const JAAS = [
  'Server {\n  org.apache.zookeeper.server.auth.DigestLoginModule required\n  user_super="secret"\n  user_bob="b\\"ob";\n};\n',
  '/* both */ QuorumServer { a.B required user_x=\'y\'; }; // end\nQuorumLearner { a.B optional username="x" password="y"; };',
  'Client { com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true principal="zk/h@R"; c.D sufficient; };',
];

function printJaas(sections: readonly JaasSection[]): string {
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  return sections
    .map(({ entries, name }) => {
      const lines = entries.map(({ flag, module, options }) => {
        const pairs = [...options].map(([key, value]) => ` ${quoted(key)}=${quoted(value)}`);
        return `${quoted(module)} ${flag}${pairs.join('')};`;
      });
      return `${quoted(name)} { ${lines.join(' ')} };`;
    })
    .join(' ');
}

export const jaas: Target = {
  name: 'jaas',
  seeds: () => JAAS.map((text) => Buffer.from(text)),
  words: [
    '{',
    '}',
    ';',
    '=',
    '"',
    "'",
    '\\',
    '\\101',
    '/*',
    '*/',
    '//',
    '\n',
    ' required ',
    ' optional ',
    'Server',
    'a="b"',
  ],
  run: async (bytes) => {
    const text = bytes.toString('utf8');
    // Lines are where something stood, not what it says.
    const said = (from: string) => parseJaas(from).map((section) => ({ ...section, line: 0 }));
    const sections = attempt([JaasSyntaxError], () => said(text));
    if (sections !== undefined)
      assertStable(
        sections,
        (value) => Buffer.from(printJaas(value)),
        (again) => said(again.toString()),
      );
    await load(Buffer.from('dataDir=/data\nclientPort=2181\njava.security.auth.login.config=/etc/jaas.conf\n'), {
      '/etc/jaas.conf': bytes,
    });
  },
};
