import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLASS_PATH } from '../support/java.js';
import { LineProcess } from '../support/line-process.js';
import { type SessionProgram, ZkCli } from './session-program.js';

const HERE = new URL('.', import.meta.url).pathname;
const CURATOR_JARS = ['curator-recipes', 'curator-framework', 'curator-client', 'guava', 'jackson-databind'];
export const CURATOR_PATH = [...CURATOR_JARS.map((jar) => `/usr/share/java/${jar}.jar`), CLASS_PATH].join(':');
export const QUICK_JAVA = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=off',
];

export interface ClientProgram {
  readonly name: string;
  start(hosts: string): SessionProgram;
  /** The line that tells of changed data at `path`. */
  changed(path: string): RegExp;
  /** kazoo drops its watches when it loses its connection, and tells who watched so; the others set them anew. */
  readonly keepsWatches: boolean;
}

/** The real client programs, two of them compiled into a temporary folder. */
export class ClientPrograms {
  private readonly scratch = mkdtempSync(join(tmpdir(), 'zk-server-clients-'));

  readonly kazoo: ClientProgram = {
    name: 'python3-kazoo',
    start: (hosts) => new LineProcess('/usr/bin/python3', [join(HERE, 'session.py'), hosts]),
    changed: (path) => new RegExp(`^event CHANGED ${path}$`),
    keepsWatches: false,
  };

  readonly c: ClientProgram = {
    name: 'the C client',
    start: (hosts) => new LineProcess(join(this.scratch, 'session'), [hosts]),
    changed: (path) => new RegExp(`^event 3 3 ${path}$`),
    keepsWatches: true,
  };

  readonly zkCli: ClientProgram = {
    name: 'zkCli.sh',
    start: (hosts) => new ZkCli(hosts),
    changed: (path) => new RegExp(`^WatchedEvent state:SyncConnected type:NodeDataChanged path:${path}$`),
    keepsWatches: true,
  };

  readonly node: ClientProgram = {
    name: 'node-zookeeper-client',
    start: (hosts) => new LineProcess(process.execPath, [join(HERE, 'session.mjs'), hosts]),
    changed: (path) => new RegExp(`^event NODE_DATA_CHANGED ${path}$`),
    keepsWatches: true,
  };

  readonly curator: ClientProgram = {
    name: 'Curator',
    start: (hosts) =>
      new LineProcess('java', [...QUICK_JAVA, '-cp', `${this.scratch}:${CURATOR_PATH}`, 'Session', hosts]),
    changed: (path) => new RegExp(`^event NodeDataChanged ${path}$`),
    keepsWatches: true,
  };

  constructor() {
    execFileSync('cc', [
      '-DTHREADED',
      '-O1',
      '-o',
      join(this.scratch, 'session'),
      join(HERE, 'session.c'),
      '-lzookeeper_mt',
    ]);
    execFileSync('javac', ['-nowarn', '-cp', CURATOR_PATH, '-d', this.scratch, join(HERE, 'Session.java')]);
  }

  remove(): void {
    rmSync(this.scratch, { recursive: true, force: true });
  }
}
