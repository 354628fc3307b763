import { type Command, wordAt } from '../command.js';
import { errorText, javaMessage } from '../errors.js';
import { aclJson, aclLine, parseAcl, statJson, statLines } from '../formats.js';
import { wholeNumber } from '../options.js';
import { visitDepthFirst } from '../walk.js';
import { ZooKeeperError } from '../../zk-client/index.js';

export const getAcl: Command = {
  name: 'getAcl',
  usage: '[-s] path',
  about: 'Print who may do what with a node.',
  least: 1,
  options: [{ name: 's', describe: 'stats' }],
  async run({ client, out, signal }, args) {
    const { acl, stat } = await client.getAcl(wordAt(args, 0), { signal });
    for (const one of acl) out.line(aclLine(one));
    if (args.has('s')) out.lines(statLines(stat));
    out.json({ acl: acl.map(aclJson), ...(args.has('s') ? { stat: statJson(stat) } : {}) });
  },
};

export const setAcl: Command = {
  name: 'setAcl',
  usage: '[-s] [-v version] [-R] path acl',
  about: 'Say who may do what with a node, or (-R) with its whole subtree: scheme:id:cdrwa,...',
  least: 2,
  options: [
    { name: 's', describe: 'stats' },
    { name: 'v', hasValue: true, describe: 'version' },
    { name: 'R', describe: 'recursive' },
  ],
  async run({ client, out, signal }, args) {
    const path = wordAt(args, 0);
    const acl = parseAcl(wordAt(args, 1), (line) => out.remark(line));
    const word = args.value('v');
    const version = word === undefined ? -1 : wholeNumber(word);
    if (!args.has('R')) {
      const stat = await client.setAcl(path, acl, { version, signal });
      if (args.has('s')) out.lines(statLines(stat));
      out.json({ stat: statJson(stat) });
      return;
    }
    await visitDepthFirst(client, path, { signal }, async (found) => {
      try {
        await client.setAcl(found, acl, { version, signal });
      } catch (error) {
        const code = error instanceof ZooKeeperError ? error.errorCode : null;
        out.text(code === null ? errorText(error) : javaMessage(code, found));
      }
    });
  },
};

export const addauth: Command = {
  name: 'addauth',
  usage: 'scheme auth',
  about: 'Add an identity to the session, such as digest user:password.',
  least: 1,
  options: [],
  async run({ client, signal }, args) {
    await client.addAuth(wordAt(args, 0), wordAt(args, 1), { signal });
  },
};

export const whoami: Command = {
  name: 'whoami',
  usage: '',
  about: 'Print the identities of the session.',
  least: 0,
  options: [],
  async run({ client, out, signal }) {
    const infos = await client.whoAmI({ signal });
    out.line('Auth scheme: User');
    for (const { scheme, user } of infos) out.line(`${scheme}: ${user}`);
    out.json(infos);
  },
};
