import type { Command } from './command.js';
import { CONFIG_COMMANDS } from './config-commands.js';
import { DATA_COMMANDS } from './data-commands.js';
import { SERVER_COMMANDS } from './server-commands.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [...SERVER_COMMANDS, ...DATA_COMMANDS, ...CONFIG_COMMANDS];

export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name || command.aliases?.includes(name) === true);
}
