import { type DirEntry, type Disk, DiskError } from '../host/index.js';
import { ConfigExit, type FaultPlace, type Faults } from './fault.js';

export type DataDirView =
  | { readonly state: 'listed'; readonly entries: readonly DirEntry[] }
  | { readonly state: 'absent' }
  /** It is there but cannot be used, which was told as a fault. */
  | { readonly state: 'unusable' };

/** Looks into a data folder; whatever keeps a server from using it becomes a fault with exit code 3. */
export async function lookIntoDir(
  disk: Pick<Disk, 'stat' | 'list'>,
  path: string,
  autoCreate: boolean,
  place: FaultPlace,
  faults: Faults,
): Promise<DataDirView> {
  const refuse = (reason: string, mend: string): void => {
    faults.error('DATA_DIR', place, reason, mend, ConfigExit.dataDir);
  };
  const refuseToMake = (what: string): void => {
    const reason = `${what}, and datadir.autocreate is off.`;
    faults.error('NO_DATA', place, reason, 'Run zk-server init, or correct the path.', ConfigExit.dataDir);
  };
  try {
    const entry = await disk.stat(path);
    if (entry.kind !== 'dir') {
      refuse(`${path} is not a folder.`, 'Name a folder.');
      return { state: 'unusable' };
    }
    const entries = await disk.list(path);
    if (!autoCreate && !entries.some(({ name }) => name === 'version-2')) {
      refuseToMake(`${path} has no folder version-2`);
    }
    return { state: 'listed', entries };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    if (error.code !== 'NOT_FOUND') {
      refuse(`${path} cannot be read (${error.message}).`, 'Give this user access to it.');
      return { state: 'unusable' };
    }
    if (!autoCreate) {
      refuseToMake(`there is no folder ${path}`);
    }
    return { state: 'absent' };
  }
}

/** The number that the text is, blanks around it allowed; null when it is none. */
export function parseMyId(text: string): number | null {
  return /^[0-9]{1,15}$/.test(text.trim()) ? Number(text.trim()) : null;
}

/** Reads the number in myid; null, with a fault, when there is none. */
export async function readMyId(disk: Pick<Disk, 'readFile'>, path: string, faults: Faults): Promise<number | null> {
  const place: FaultPlace = { where: { kind: 'file', file: path, line: 1 }, key: 'myid' };
  let text: string;
  try {
    text = (await disk.readFile(path)).toString('latin1');
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    faults.error('MYID', place, `it cannot be read (${error.message}).`, 'Give this user access to it.');
    return null;
  }
  const [first = ''] = text.split(/\r\n|\r|\n/);
  const id = parseMyId(first);
  if (id === null) {
    faults.error(
      'MYID',
      place,
      `"${first}" is not a server number.`,
      'Write the N of this server’s line server.N, alone.',
    );
    return null;
  }
  return id;
}
