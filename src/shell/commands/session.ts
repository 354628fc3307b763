import { type Command, wordAt } from '../command.js';
import { CliError } from '../errors.js';
import { wholeNumber } from '../options.js';

export const connect: Command = {
  name: 'connect',
  usage: 'host:port',
  about: 'Open a session with other servers, or the same ones anew.',
  least: 0,
  options: [],
  isLocal: true,
  run({ shell }, args) {
    return shell.connect(args.rest[0] ?? shell.server);
  },
};

export const close: Command = {
  name: 'close',
  usage: '',
  about: 'End the session.',
  least: 0,
  options: [],
  run({ client }) {
    return client.close();
  },
};

export const quit: Command = {
  name: 'quit',
  usage: '',
  about: 'End the session and this program.',
  least: 0,
  options: [],
  isLocal: true,
  run({ shell }) {
    return shell.quit();
  },
};

const HISTORY_LINES = 10;

export const history: Command = {
  name: 'history',
  usage: '',
  about: 'Print the last lines with their numbers.',
  least: 0,
  options: [],
  isLocal: true,
  run({ shell, out }) {
    const lines: { number: number; line: string }[] = [];
    for (let number = Math.max(0, shell.lineNumber - HISTORY_LINES); number <= shell.lineNumber; number++) {
      const line = shell.lineAt(number) ?? 'null';
      out.line(`${number} - ${line}`);
      lines.push({ number, line });
    }
    out.json(lines);
  },
};

export const redo: Command = {
  name: 'redo',
  usage: 'cmdno',
  about: 'Run the line of that number again.',
  least: 0,
  options: [],
  isLocal: true,
  async run({ shell }, args) {
    if (args.rest.length === 0) return;
    const number = wholeNumber(wordAt(args, 0));
    if (number < 0 || number >= shell.lineNumber) throw new CliError('Command index out of range');
    const line = shell.lineAt(number) ?? '';
    if (/^\s*["']?redo\b/.test(line)) throw new CliError('No redoing redos');
    await shell.redo(line);
  },
};
