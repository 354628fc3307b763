import type { Command } from './command.js';
import { bashScript } from './completion-bash.js';
import { fishScript } from './completion-fish.js';
import { zshScript } from './completion-zsh.js';
import { UsageError } from './context.js';
import { SHELLS } from './shells.js';

/**
 * A script with which a shell completes the command line. All that there is to complete stands in the script: asking this
 * program at every press of a key would take longer than a user wants to wait.
 */
export function completionScript(shell: string, commands: readonly Command[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
    default:
      throw new UsageError(`"${shell}" is none of these shells: ${SHELLS.join(', ')}.`);
  }
}
