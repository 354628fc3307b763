import { posix } from 'node:path';
import { DiskError } from '../host/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import { buildConfig } from './build.js';
import { imageLines, tellImageVariables, tellMootVariables } from './container-image.js';
import { type Environment, readEnvironment } from './environment.js';
import { ConfigExit, type Fault, type FaultPlace, Faults, sortFaults } from './fault.js';
import type { GivenValue } from './given.js';
import { parseJaas, JaasSyntaxError } from './jaas.js';
import { checkNames } from './key-names.js';
import type { LoadRequest } from './load-request.js';
import { type LogSettings, readLogSettings } from './log-settings.js';
import { DEFAULT_ORIGIN, type Origin } from './origin.js';
import { javaTrim, parseProperties } from './properties.js';
import type { JaasFile } from './sasl-settings.js';
import { isServerListKey, readServerList, versionOfFileName } from './server-list.js';
import type { ServerConfig } from './server-config.js';
import { asksForStrictness, readSettings, type Setting } from './settings.js';
import { systemProperties } from './system-properties.js';
import { readVariables, type Variables } from './variables.js';

export interface LoadResult {
  /** Null when there is an error among the faults. */
  readonly config: ServerConfig | null;
  /** Everything worth knowing: errors, then warnings, then notes. */
  readonly faults: readonly Fault[];
  /** Every key with its value and where it comes from; empty when the file could not be read. */
  readonly settings: readonly Setting[];
  /** The environment with what the shell files beside the configuration change in it. */
  readonly env: Readonly<Record<string, string>>;
  /** How the Java server of this installation would log. */
  readonly log: LogSettings;
  /** Where each line of the server list stands, by its key (`server.1`, `group.1`, `weight.1`). */
  readonly serverOrigins: ReadonlyMap<string, Origin>;
}

const LOG_UNSAID: LogSettings = { level: null, format: null };

/** The exit code of a server that these faults keep from starting. */
export function exitCodeOf(faults: readonly Fault[]): number {
  const codes = faults.filter(({ severity }) => severity === 'error').map(({ exitCode }) => exitCode);
  // A file that cannot be used at all outranks what is wrong around it.
  return codes.includes(ConfigExit.invalid) ? ConfigExit.invalid : (codes[0] ?? ConfigExit.invalid);
}

type Lines = Map<string, GivenValue>;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}

/** Reads files into lines and faults. */
class ConfigReader {
  readonly faults = new Faults();

  constructor(private readonly request: LoadRequest) {}

  absolute(path: string): string {
    return posix.resolve(this.request.workingDir, path);
  }

  /** The bytes, or why there are none. */
  private async bytes(path: string): Promise<Buffer | DiskError> {
    try {
      return await this.request.disk.readFile(this.absolute(path));
    } catch (error) {
      if (error instanceof DiskError) return error;
      throw error;
    }
  }

  async isAbsent(path: string): Promise<boolean> {
    const bytes = await this.bytes(path);
    return bytes instanceof DiskError && bytes.code === 'NOT_FOUND';
  }

  /** The lines of a properties file; null, with a fault, when it cannot be read. */
  async lines(path: string, place: FaultPlace): Promise<Lines | null> {
    const bytes = await this.bytes(path);
    if (bytes instanceof DiskError) {
      const missing = bytes.code === 'NOT_FOUND';
      const reason = missing ? `there is no file ${path}.` : `${path} cannot be read (${bytes.message}).`;
      const mend = missing ? 'Check the path.' : 'Check its permissions.';
      this.faults.error('FILE', place, reason, mend);
      return null;
    }
    return this.linesOf(path, bytes);
  }

  private linesOf(path: string, bytes: Buffer): Lines {
    const { entries, problems, beyondAscii } = parseProperties(withoutMark(bytes));
    const at = (line: number): Origin => ({ kind: 'file', file: path, line });
    if (bytes.length > withoutMark(bytes).length) {
      this.faults.warning(
        'SYNTAX',
        { where: at(1) },
        'the file begins with a byte order mark, which Apache ZooKeeper takes for a part of its first key.',
        'Save it as plain text (UTF-8 without BOM).',
      );
    }
    for (const { line, reason } of problems) {
      this.faults.error('SYNTAX', { where: at(line) }, `${reason}.`, 'Write \\\\ for a backslash.');
    }
    for (const line of beyondAscii) {
      this.faults.warning(
        'SYNTAX',
        { where: at(line) },
        'letters beyond ASCII are read as ISO-8859-1, as Java does.',
        'Write them as \\uXXXX.',
      );
    }
    const lines: Lines = new Map();
    for (const { key, value, line } of entries) {
      const name = javaTrim(key);
      const earlier = lines.get(name)?.origin;
      if (earlier?.kind === 'file') {
        this.faults.warning(
          'DUPLICATE_KEY',
          { where: at(line), key: name },
          `it stands in line ${earlier.line}, too; this one counts.`,
          'Take one out.',
        );
      }
      lines.set(name, { value, origin: at(line) });
    }
    return lines;
  }

  /** The login configuration; null when none is named, or (with a fault) when it cannot be used. */
  async jaas(path: string, place: FaultPlace): Promise<JaasFile | null> {
    // Java takes a URL, too, and "==" as "instead of all other files".
    const file = path.replace(/^=/, '').replace(/^file:(\/\/)?/, '');
    const bytes = await this.bytes(file);
    if (bytes instanceof DiskError) {
      const missing = bytes.code === 'NOT_FOUND';
      const reason = missing ? `there is no file ${file}.` : `${file} cannot be read (${bytes.message}).`;
      this.faults.error('FILE', place, reason, missing ? 'Check the path.' : 'Check its permissions.');
      return null;
    }
    try {
      return { path: file, sections: parseJaas(bytes.toString('utf8')) };
    } catch (error) {
      if (!(error instanceof JaasSyntaxError)) throw error;
      const where: Origin = { kind: 'file', file, line: error.line };
      const form = 'Section { Module required key="value"; };';
      this.faults.error('SYNTAX', { where }, `${error.message}.`, `Write ${form}`);
      return null;
    }
  }

  /** `zoo.cfg.dynamic.next`: a change that was under way. Java starts without it when it cannot be read. */
  async nextMembership(multiAddress: boolean): Promise<QuorumVerifier | null> {
    const path = `${this.request.configFile}.dynamic.next`;
    const bytes = await this.bytes(path);
    if (bytes instanceof DiskError) {
      if (bytes.code !== 'NOT_FOUND') {
        this.faults.warning('FILE', {}, `${path} cannot be read (${bytes.message}) and is left out.`, '');
      }
      return null;
    }
    return readServerList(this.linesOf(path, bytes), { multiAddress }, this.faults);
  }

  /** The lines of the dynamic file, its version among them. */
  async dynamicLines(path: string, place: FaultPlace): Promise<Lines | null> {
    const lines = await this.lines(path, place);
    if (lines === null) return null;
    let sound = true;
    for (const [key, { origin }] of lines) {
      if (isServerListKey(key) && key !== 'version') continue;
      sound = false;
      const reason =
        key === 'version' ? 'the version stands in the name of the file.' : 'it does not belong in this file.';
      const mend = key === 'version' ? 'Take it out.' : 'Only server.N, group.N and weight.N do.';
      this.faults.error('CONFLICT', { where: origin, key }, reason, mend);
    }
    if (!sound) return null;
    const version = versionOfFileName(path);
    if (version !== null) lines.set('version', { value: version, origin: { kind: 'file', file: path, line: 0 } });
    return lines;
  }

  /** The server list from whichever file has it; null, with a fault, when it cannot be used. */
  async serverLines(file: Lines, dynamicFile: string | null, place: FaultPlace): Promise<Lines | null> {
    const own = new Map([...file].filter(([key]) => isServerListKey(key)));
    if (dynamicFile === null) return own;
    for (const [key, { origin }] of own) {
      if (key === 'version') continue;
      this.faults.error(
        'CONFLICT',
        { where: origin, key },
        'with dynamicConfigFile the server list must not stand in this file.',
        `Move it to ${dynamicFile}.`,
      );
    }
    return this.dynamicLines(dynamicFile, place);
  }
}

/** What is given under names that begin so, in zoo.cfg or as a system property; the file counts. */
function givenFamily(prefix: string, file: Lines, { properties }: Environment): Lines {
  const found: Lines = new Map();
  for (const [name, given] of properties) {
    if (name.startsWith(`zookeeper.${prefix}`)) found.set(name.slice('zookeeper.'.length), given);
  }
  for (const [name, given] of file) {
    if (name.startsWith(prefix)) found.set(name, { ...given, value: javaTrim(given.value) });
  }
  return found;
}

/** Where the lines of the configuration come from. */
interface MainLines {
  readonly lines: Lines;
  /** Made from the variables of the container image, because there is no file. */
  readonly made: boolean;
}

async function mainLines(reader: ConfigReader, request: LoadRequest, variables: Variables): Promise<MainLines | null> {
  const image = imageLines(variables);
  if (image !== null && (await reader.isAbsent(request.configFile))) {
    tellImageVariables(variables, request.configFile, true, reader.faults);
    return { lines: image, made: true };
  }
  const lines = await reader.lines(request.configFile, {});
  if (lines === null) return null;
  tellImageVariables(variables, request.configFile, false, reader.faults);
  return { lines, made: false };
}

/** What the image's entry point would write into myid: ZOO_MY_ID, or 1 where it makes the configuration, too. */
function imageMyId(variables: Variables, made: boolean): GivenValue | null {
  const variable = variables.get('ZOO_MY_ID');
  if (variable !== undefined && variable.value !== '') return variable;
  return made ? { value: '1', origin: DEFAULT_ORIGIN } : null;
}

function tellUnclosed({ unclosed }: Environment, faults: Faults): void {
  for (const origin of unclosed) faults.warning('SYNTAX', { where: origin }, 'a quote is never closed.', 'Close it.');
}

/**
 * Reads zoo.cfg, the files that it names or that stand beside it, and the environment. Nothing is written, opened or
 * resolved; what is wrong is told as a list of faults, all of them at once.
 */
export async function loadConfig(request: LoadRequest): Promise<LoadResult> {
  const reader = new ConfigReader(request);
  const { faults } = reader;
  const variables = await readVariables(request, faults);
  const env = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]));
  const main = await mainLines(reader, request, variables);
  if (main === null) {
    const found = sortFaults(faults.list);
    return { config: null, faults: found, settings: [], serverOrigins: new Map(), env, log: LOG_UNSAID };
  }
  const { lines: file, made } = main;
  const strict = request.strict === true || asksForStrictness(file);
  const environment = readEnvironment(variables);
  tellUnclosed(environment, faults);
  tellMootVariables(variables, faults);
  const extraProperties = checkNames(file, environment, strict, faults);
  const { settings, values } = readSettings({ file, properties: environment.properties }, faults);
  const byKey = new Map(settings.map((setting) => [setting.key, setting]));
  const place = { where: byKey.get('dynamicConfigFile')?.origin ?? null, key: 'dynamicConfigFile' };
  const lines = await reader.serverLines(file, values.dynamicConfigFile, place);
  const multiAddress = values['multiAddress.enabled'];
  const jaasPath = values['java.security.auth.login.config'];
  const jaasPlace = {
    where: byKey.get('java.security.auth.login.config')?.given ?? null,
    key: 'java.security.auth.login.config',
  };
  const config = await buildConfig({
    request,
    faults,
    values,
    settings: byKey,
    serverLines: lines,
    membership: lines === null ? null : readServerList(lines, { multiAddress }, faults),
    nextMembership: values.dynamicConfigFile === null ? null : await reader.nextMembership(multiAddress),
    absolute: (path) => reader.absolute(path),
    extraProperties,
    systemProperties: systemProperties(file, environment),
    authProviders: givenFamily('authProvider.', file, environment),
    superUsers: [...givenFamily('superUser.', file, environment).values()].map(({ value }) => value),
    jaas: jaasPath === null || jaasPath === '' ? null : await reader.jaas(jaasPath, jaasPlace),
    imageMyId: imageMyId(variables, made),
  });
  const log = await readLogSettings(request, values, environment.properties, faults);
  return {
    config: faults.hasErrors ? null : config,
    faults: sortFaults(faults.list),
    settings,
    env,
    log,
    serverOrigins: new Map([...(lines ?? [])].map(([key, { origin }]) => [key, origin])),
  };
}
