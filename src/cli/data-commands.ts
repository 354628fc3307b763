import { type Command, defineCommand } from './command.js';
import { BAD_CONFIG, CONFIG_ARGUMENT, FIND_CONFIG, PID_FILE } from './help-parts.js';

/** Commands that copy a server's data away and bring it back. */

const backup = defineCommand({
  name: 'backup',
  summary: 'Copy the data of a server, running or not, into a folder with checksums',
  about:
    'Writes the newest snapshot and the log behind it into a folder of its own, with a manifest that has the checksum of ' +
    'each file. A running server is not disturbed; what it has not decided yet is left out. Backups in one folder belong ' +
    'together: each begins where the last one ended, so that every moment between them can be restored.\n\n' +
    'A server makes backups by itself when backup.dir is set.',
  argument: CONFIG_ARGUMENT,
  options: {
    to: { kind: 'text', completes: 'file', describe: 'Folder for backups [backup.dir]' },
    keep: { kind: 'id', describe: 'Remove all but so many of the newest ones of this server [all are kept]' },
    json: { kind: 'flag', describe: 'Print JSON' },
  },
  environment: [...FIND_CONFIG, ...PID_FILE],
  exitCodes: [
    ['0', 'written'],
    ['1', 'it could not be written, the data is damaged, or a server runs that does not serve'],
    ...BAD_CONFIG.slice(1),
  ],
  examples: [['zk-server backup conf/zoo.cfg --to /backup/zk', 'one more backup in that folder']],
  run: async (context, config, { to, keep, json }) =>
    (await import('./backup.js')).backup(context, { config, to, keep, json }),
});

const restore = defineCommand({
  name: 'restore',
  summary: 'Make a backup, as of any moment it holds, the data of a server that does not run',
  about:
    'Checks every file of the backup against its manifest and rebuilds the state in memory first; only then anything is ' +
    'written. Data that is there is never overwritten: with --force it is moved into a folder beside it.\n\n' +
    'For an ensemble, stop all servers, restore the same moment on each of them, then start them.',
  argument: CONFIG_ARGUMENT,
  options: {
    from: { kind: 'text', completes: 'file', describe: 'A backup, or a folder of backups [backup.dir]' },
    zxid: { kind: 'text', describe: 'The state after this transaction (hex) [the newest]' },
    time: { kind: 'text', describe: 'The state at this time, as 2026-11-27T10:00:00Z' },
    force: { kind: 'flag', describe: 'Set aside the data that is there' },
    check: { kind: 'flag', describe: 'Only check the backup; change nothing' },
  },
  environment: [...FIND_CONFIG, ...PID_FILE],
  exitCodes: [
    ['0', 'restored, or checked and whole'],
    ['1', 'refused: the backup is damaged or does not hold that moment, there is data, or a server runs'],
    ...BAD_CONFIG.slice(1),
  ],
  examples: [
    ['zk-server restore conf/zoo.cfg --from /backup/zk', 'the newest state'],
    ['zk-server restore --from /backup/zk --time 2026-11-27T10:00:00Z', 'as it was then'],
    ['zk-server restore --from /backup/zk --check', 'is it whole?'],
  ],
  run: async (context, config, { from, zxid, time, force, check }) =>
    (await import('./restore.js')).restore(context, { config, from, zxid, time, force, check }),
});

export const DATA_COMMANDS: readonly Command[] = [backup, restore];
