import { type Command, usageOf } from '../command.js';
import { CliError, CliExit } from '../errors.js';

/** `help` lists what there is; `help command` explains one. */
export function help(commands: () => ReadonlyMap<string, Command>): Command {
  return {
    name: 'help',
    usage: '[command]',
    about: 'List the commands, or explain one.',
    least: 0,
    options: [],
    isLocal: true,
    run({ out }, args) {
      const [name] = args.rest;
      const all = commands();
      if (name === undefined) {
        const width = Math.max(...[...all.keys()].map((key) => key.length));
        for (const command of all.values()) {
          out.line(`${out.paint('cyan', command.name.padEnd(width))}  ${command.about}`);
        }
        out.json(
          [...all.values()].map((command) => ({ name: command.name, usage: command.usage, about: command.about })),
        );
        return;
      }
      const command = all.get(name);
      if (command === undefined) throw new CliError(`There is no command ${name}`, CliExit.unknownCommand);
      out.line(usageOf(command).trimEnd());
      out.line(command.about);
      out.json({ name, usage: command.usage, about: command.about, options: command.options });
    },
  };
}
