import { exitCodeOf, formatFault, formatOrigin, type Setting } from '../config/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load } from './load-config.js';

export interface PrintConfigOptions {
  readonly config: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
}

const HIDDEN = '(hidden)';

function shown({ definition, text, given }: Setting): string {
  if (definition.secret === true && given !== null) return HIDDEN;
  return text === '' ? (definition.defaultText ?? '') : text;
}

function isExplained({ definition, text }: Setting): boolean {
  return text === '' && definition.defaultText !== undefined;
}

/** Prints the configuration as it was understood, with where each value came from. */
export async function printConfig(context: CliContext, options: PrintConfigOptions): Promise<number> {
  const { config, faults, settings } = await load(context, options.config);
  const chosen = settings.filter((setting) => options.all || setting.given !== null);
  const list = config === null ? [] : config.membership.toText().split('\n');
  const servers = list.filter(
    (line) => line.startsWith('server.') || line.startsWith('group.') || line.startsWith('weight.'),
  );
  if (options.json) {
    const values = chosen.map((setting) => ({
      key: setting.key,
      value: setting.definition.secret === true && setting.given !== null ? HIDDEN : setting.value,
      unit: setting.definition.unit ?? null,
      from: formatOrigin(setting.origin),
      effect: setting.definition.effect,
      support: setting.definition.support ?? 'full',
    }));
    context.out(JSON.stringify({ mode: config?.mode ?? null, myId: config?.myId ?? null, values, servers }, null, 2));
  } else {
    const lines = chosen.map((setting) => ({
      text: isExplained(setting) ? `# ${setting.key}: ${shown(setting)}` : `${setting.key}=${shown(setting)}`,
      from: formatOrigin(setting.origin),
    }));
    const width = Math.min(60, Math.max(0, ...lines.map(({ text }) => text.length)));
    for (const { text, from } of lines) context.out(`${text.padEnd(width)}  # ${from}`);
    for (const line of servers) context.out(line);
  }
  if (config !== null) return ExitCode.ok;
  for (const fault of faults) context.err(formatFault(fault));
  return exitCodeOf(faults);
}
