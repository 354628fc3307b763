import { type RemovableKind, type WatchEvent, type Watcher } from '../../zk-client/index.js';
import { type Command, type Context, usageError, wordAt } from '../command.js';
import { CliError } from '../errors.js';
import { eventJson, eventLine } from '../events.js';
import { type Arguments, wholeNumber } from '../options.js';

export const addWatch: Command = {
  name: 'addWatch',
  usage:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  about: 'Watch a node, or its whole subtree, until the watch is removed.',
  least: 1,
  options: [{ name: 'm', hasValue: true, describe: '' }],
  async run({ client, watcher, signal }, args) {
    const mode = (args.value('m') ?? 'PERSISTENT_RECURSIVE').toUpperCase();
    const isKnown = mode === 'PERSISTENT' || mode === 'PERSISTENT_RECURSIVE';
    if (args.rest.length !== 1 || !isKnown) throw usageError(addWatch);
    const kind = mode === 'PERSISTENT' ? 'persistent' : 'persistentRecursive';
    await client.addWatch(wordAt(args, 0), kind, watcher, { signal });
  },
};

const KINDS: readonly (readonly [option: string, kind: RemovableKind])[] = [
  ['c', 'children'],
  ['d', 'data'],
  ['p', 'persistent'],
  ['r', 'persistentRecursive'],
];

export const removewatches: Command = {
  name: 'removewatches',
  usage: 'path [-c|-d|-a] [-l]',
  about: 'Remove the watches of a node: of its children (-c), its data (-d), persistent ones (-p, -r) or all.',
  least: 1,
  options: [
    { name: 'c', describe: 'child watcher type' },
    { name: 'd', describe: 'data watcher type' },
    { name: 'p', describe: 'persistent watcher type' },
    { name: 'r', describe: 'persistent recursive watcher type' },
    { name: 'a', describe: 'any watcher type' },
    { name: 'l', describe: 'remove locally when there is no server connection' },
  ],
  async run({ client, signal }, args) {
    const kind = KINDS.find(([option]) => args.has(option))?.[1] ?? 'any';
    await client.removeWatches(wordAt(args, 0), { kind, local: args.has('l'), signal });
  },
};

export const printwatches: Command = {
  name: 'printwatches',
  usage: 'on|off',
  about: 'Say whether events of watches are printed.',
  least: 0,
  options: [],
  isLocal: true,
  run({ shell, out }, args) {
    const [word] = args.rest;
    if (word !== undefined) shell.printsWatches = word === 'on';
    else {
      out.line(`printwatches is ${shell.printsWatches ? 'on' : 'off'}`);
      out.json({ printsWatches: shell.printsWatches });
    }
  },
};

export const watch: Command = {
  name: 'watch',
  usage: '[-R] [-n count] [-d] path',
  about: 'Print every change of a node, or (-R) of its subtree, as it comes; ends by Ctrl-C or after so many.',
  least: 1,
  options: [
    { name: 'R', describe: 'the whole subtree' },
    { name: 'n', hasValue: true, describe: 'end after so many events' },
    { name: 'd', describe: 'print the new data, too' },
  ],
  run: (context, args) => new Stream(context, args).run(),
};

/** One run of `watch`. */
class Stream {
  private readonly path: string;
  private readonly limit: number;
  private readonly waiting: WatchEvent[] = [];
  private wake: () => void = () => undefined;
  private readonly watcher: Watcher = (event) => {
    this.waiting.push(event);
    this.wake();
  };

  constructor(
    private readonly context: Context,
    private readonly args: Arguments,
  ) {
    this.path = wordAt(args, 0);
    const count = args.value('n');
    this.limit = count === undefined ? Infinity : wholeNumber(count);
  }

  async run(): Promise<void> {
    const { client, signal } = this.context;
    const mode = this.args.has('R') ? 'persistentRecursive' : 'persistent';
    await client.addWatch(this.path, mode, this.watcher, { signal });
    const stop = (): void => this.wake();
    signal.addEventListener('abort', stop);
    try {
      await this.print();
    } finally {
      signal.removeEventListener('abort', stop);
      await client.removeWatches(this.path, { kind: mode, watcher: this.watcher, local: true }).catch(() => undefined);
    }
  }

  private async print(): Promise<void> {
    for (let printed = 0; printed < this.limit; printed++) {
      const event = await this.next();
      if (event === null) return;
      if (event.type === 'sessionEnded') throw new CliError('the session is over');
      await this.printOne(event);
    }
  }

  private async printOne(event: WatchEvent): Promise<void> {
    const { client, out, signal } = this.context;
    const hasData = this.args.has('d') && (event.type === 'created' || event.type === 'dataChanged');
    const content = hasData ? await client.getData(event.path, { signal }).catch(() => null) : null;
    const text = content?.data?.toString('utf8');
    out.line(`${eventLine(event)}${text === undefined ? '' : ` data: ${text}`}`);
    out.json({ ...eventJson(event), ...(text === undefined ? {} : { data: text }) });
  }

  private async next(): Promise<WatchEvent | null> {
    const { signal } = this.context;
    while (this.waiting.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.waiting.shift() ?? null;
  }
}
