import { type CliContext, UsageError } from './context.js';
import { ExitCode } from './exit-codes.js';
import { type Invocation, quickParse } from './quick-parse.js';

async function run({ command, argument, options }: Invocation, context: CliContext): Promise<number> {
  try {
    return await command.run(context, argument, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.err(error.message);
    return ExitCode.usage;
  }
}

/** Runs the command that `args` name and returns the exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const quick = quickParse(args);
  if (quick !== null) return run(quick, context);
  const { yargsParse } = await import('./yargs-parse.js');
  const parsed = await yargsParse(args);
  switch (parsed.kind) {
    case 'run':
      return run(parsed.invocation, context);
    case 'help':
      if (parsed.text !== '') context.out(parsed.text);
      return ExitCode.ok;
    case 'bad':
      context.err(parsed.text);
      return ExitCode.usage;
  }
}
