import { posix } from 'node:path';
import { DiskError } from '../host/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import { buildConfig } from './build.js';
import { readEnvironment } from './environment.js';
import { ConfigExit, type Fault, type FaultPlace, Faults, sortFaults } from './fault.js';
import type { LoadRequest } from './load-request.js';
import type { Origin } from './origin.js';
import { javaTrim, parseProperties } from './properties.js';
import { isServerListKey, readServerList, versionOfFileName } from './server-list.js';
import type { ServerConfig } from './server-config.js';
import {
  asksForStrictness,
  checkFileNames,
  checkPropertyNames,
  type GivenValue,
  readSettings,
  type Setting,
} from './settings.js';

export interface LoadResult {
  /** Null when there is an error among the faults. */
  readonly config: ServerConfig | null;
  /** Everything worth knowing: errors, then warnings, then notes. */
  readonly faults: readonly Fault[];
  /** Every key with its value and where it comes from; empty when the file could not be read. */
  readonly settings: readonly Setting[];
}

/** The exit code of a server that these faults keep from starting. */
export function exitCodeOf(faults: readonly Fault[]): number {
  const codes = faults.filter(({ severity }) => severity === 'error').map(({ exitCode }) => exitCode);
  // A file that cannot be used at all outranks what is wrong around it.
  return codes.includes(ConfigExit.invalid) ? ConfigExit.invalid : (codes[0] ?? ConfigExit.invalid);
}

type Lines = Map<string, GivenValue>;

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
    const { entries, problems, beyondAscii } = parseProperties(bytes);
    const at = (line: number): Origin => ({ kind: 'file', file: path, line });
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

function tellEnvironment(request: LoadRequest, faults: Faults, strict: boolean): ReturnType<typeof readEnvironment> {
  const environment = readEnvironment(request.env);
  for (const origin of environment.unclosed) {
    faults.warning('SYNTAX', { where: origin }, 'a quote is never closed.', 'Close it.');
  }
  const [first] = environment.jvmFlags;
  if (first !== undefined) {
    const words = environment.jvmFlags.map(({ word }) => word).join(' ');
    faults.note(
      'NO_EFFECT',
      { where: first.origin },
      `flags of the Java machine have no effect in this server: ${words}`,
    );
  }
  checkPropertyNames(environment.properties, strict, faults);
  return environment;
}

/**
 * Reads zoo.cfg, the files it names and the environment. Nothing is written, opened or resolved; what is wrong is told as
 * a list of faults, all of them at once.
 */
export async function loadConfig(request: LoadRequest): Promise<LoadResult> {
  const reader = new ConfigReader(request);
  const { faults } = reader;
  const file = await reader.lines(request.configFile, {});
  if (file === null) return { config: null, faults: faults.list, settings: [] };
  const strict = request.strict === true || asksForStrictness(file);
  const environment = tellEnvironment(request, faults, strict);
  checkFileNames(file, strict, faults);
  const { settings, values } = readSettings({ file, properties: environment.properties }, faults);
  const byKey = new Map(settings.map((setting) => [setting.key, setting]));
  const place = { where: byKey.get('dynamicConfigFile')?.origin ?? null, key: 'dynamicConfigFile' };
  const lines = await reader.serverLines(file, values.dynamicConfigFile, place);
  const multiAddress = values['multiAddress.enabled'];
  const config = await buildConfig({
    request,
    faults,
    values,
    settings: byKey,
    serverLines: lines,
    membership: lines === null ? null : readServerList(lines, { multiAddress }, faults),
    nextMembership: values.dynamicConfigFile === null ? null : await reader.nextMembership(multiAddress),
    absolute: (path) => reader.absolute(path),
  });
  return { config: faults.hasErrors ? null : config, faults: sortFaults(faults.list), settings };
}
