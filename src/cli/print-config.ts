import { exitCodeOf, formatFault, formatOrigin, type Setting } from '../config/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, type LoadedConfig } from './load-config.js';

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

/** A line of the output: what it says, and where that comes from. */
interface Line {
  readonly text: string;
  readonly from: string;
}

const LIST_KEY = /^((?:server|group|weight)\.[0-9]+)=/;
const DYNAMIC = ' (dynamic file)';

/** The server list as it was understood, in the form of its file. */
function serverLines({ config, serverOrigins }: LoadedConfig): Line[] {
  if (config === null) return [];
  return config.membership
    .toText()
    .split('\n')
    .flatMap((text) => {
      const key = LIST_KEY.exec(text)?.[1];
      if (key === undefined) return [];
      const origin = serverOrigins.get(key);
      const note = config.dynamicConfigFile === null ? '' : DYNAMIC;
      return [{ text, from: origin === undefined ? 'default' : `${formatOrigin(origin)}${note}` }];
    });
}

/** Who this server is. A single server has no number. */
function ownLine({ config, settings }: LoadedConfig): Line[] {
  if (config?.mode !== 'quorum') return [];
  const dataDir = settings.find(({ key }) => key === 'dataDir')?.value;
  return [{ text: `myid=${config.myId}`, from: `${String(dataDir)}/myid` }];
}

function settingLine(setting: Setting): Line {
  const { key, origin } = setting;
  const text = isExplained(setting) ? `# ${key}: ${shown(setting)}` : `${key}=${shown(setting)}`;
  return { text, from: formatOrigin(origin) };
}

function settingJson({ definition, key, given, origin, value }: Setting): Record<string, unknown> {
  return {
    key,
    value: definition.secret === true && given !== null ? HIDDEN : value,
    unit: definition.unit ?? null,
    from: formatOrigin(origin),
    effect: definition.effect,
    support: definition.support ?? 'full',
  };
}

/** Prints the configuration as it was understood, with where each value came from. */
export async function printConfig(context: CliContext, options: PrintConfigOptions): Promise<number> {
  const loaded = await load(context, options.config);
  const { config, faults, settings } = loaded;
  const chosen = settings.filter((setting) => options.all || setting.given !== null);
  if (options.json) {
    const values = chosen.map(settingJson);
    const servers = serverLines(loaded).map(({ text, from }) => ({ line: text, from }));
    context.out(JSON.stringify({ mode: config?.mode ?? null, myId: config?.myId ?? null, values, servers }, null, 2));
  } else {
    const lines = [...chosen.map(settingLine), ...ownLine(loaded), ...serverLines(loaded)];
    const width = Math.min(60, Math.max(0, ...lines.map(({ text }) => text.length)));
    for (const { text, from } of lines) context.out(`${text.padEnd(width)}  # ${from}`);
  }
  if (config !== null) return ExitCode.ok;
  for (const fault of faults) context.err(formatFault(fault));
  return exitCodeOf(faults);
}
