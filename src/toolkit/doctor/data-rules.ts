import { formatZxid, Perms, zxidCounter, zxidEpoch } from '../../protocol/index.js';
import type { DataFacts, TreeFacts } from './data-facts.js';
import type { Finding } from './finding.js';
import type { Space } from './world.js';

/* What the folders of a server say. */

/** More snapshots than this are hardly wanted. */
const MANY_SNAPSHOTS = 30;
const FULL_SHARE = 0.05;
const NEARLY_FULL_SHARE = 0.15;

export function judgeData(facts: DataFacts): Finding[] {
  const { target, unreadable } = facts;
  const subject = target.dataDir;
  if (unreadable !== null) {
    const what = `Its data cannot be read: ${unreadable}.`;
    const why = 'No server has had its data there yet, or this user may not look.';
    return [
      {
        severity: 'warning',
        code: 'NO_DATA',
        subject,
        what,
        why,
        mend: 'Check dataDir, or run this as the user of the server.',
      },
      ...judgeSpace(facts),
    ];
  }
  return [
    ...judgeFiles(facts),
    ...judgeEpochs(facts),
    ...judgeSpace(facts),
    ...judgePlace(facts),
    ...(facts.tree === null ? [] : judgeTree(facts.tree, subject, target.maxPacketBytes)),
  ];
}

function judgeFiles(facts: DataFacts): Finding[] {
  const { target, logs, snapshots, misplaced, damaged, snapshotFault, logPlace } = facts;
  const subject = target.dataDir;
  const found: Finding[] = [];
  const [newest] = snapshots;
  const [oldestLog] = logs;
  if (misplaced.length > 0) {
    found.push({
      severity: 'error',
      code: 'SWAPPED_FOLDERS',
      subject: misplaced.join(', '),
      what: 'Logs lie where snapshots belong, or the other way round.',
      why: 'dataDir and dataLogDir are swapped, or were one folder before; a server refuses to start, or starts without them.',
      mend: 'Stop the server and move the files to the folder that the configuration names for them.',
    });
  }
  if (newest !== undefined && snapshotFault !== null) {
    found.push({
      severity: 'error',
      code: 'SNAPSHOT_DAMAGED',
      subject: newest.path,
      what: `The newest snapshot is damaged: ${snapshotFault}.`,
      why: 'A restart has to begin with an older one, and needs every log since then.',
      mend: 'Keep the older snapshots and logs, and find out what is wrong with the disk; zk-snapshot verify tells where it is damaged.',
    });
  }
  if (newest === undefined && oldestLog !== undefined) {
    found.push({
      severity: 'error',
      code: 'LOG_WITHOUT_SNAPSHOT',
      subject,
      what: `There are ${logs.length} logs, but no snapshot.`,
      why: 'A server refuses to start: what the oldest log follows is not there (ZOOKEEPER-3056).',
      mend: 'Bring the snapshots back. Only where there never was one (data of 3.4), start once with snapshot.trust.empty=true.',
    });
  }
  if (newest !== undefined && oldestLog === undefined && logPlace !== null) {
    found.push({
      severity: 'error',
      code: 'LOGS_GONE',
      subject: target.dataLogDir,
      what: `There is no log, though one was in ${logPlace}.`,
      why: 'A server refuses to start (but an observer): it would have forgotten what it acknowledged after the newest snapshot.',
      mend: 'Set dataLogDir to the folder with the logs; when they are lost, let this server copy everything from the leader with an empty folder.',
    });
  }
  // At the start of an epoch nothing was written yet.
  else if (newest !== undefined && zxidCounter(newest.zxid) > 0 && oldestLog === undefined) {
    found.push({
      severity: 'warning',
      code: 'SNAPSHOT_WITHOUT_LOG',
      subject: newest.path,
      what: 'There is no log beside the snapshots.',
      why: 'What was written after the newest snapshot is not here, and a fuzzy snapshot needs its log to become exact.',
      mend: 'Check dataLogDir; when the logs are lost, let this server copy everything from the leader with an empty folder.',
    });
  }
  if (newest !== undefined && oldestLog !== undefined && oldestLog.zxid > newest.zxid + 1) {
    found.push({
      severity: 'error',
      code: 'LOG_GAP',
      subject: oldestLog.path,
      what: `The newest snapshot is of ${formatZxid(newest.zxid)}, the oldest log begins with ${formatZxid(oldestLog.zxid)}.`,
      why: 'The transactions between them are missing: the state cannot be rebuilt (ZOOKEEPER-2099).',
      mend: 'Bring the missing logs or a later snapshot back, or let this server copy everything from the leader.',
    });
  }
  if (damaged.length > 0) {
    found.push({
      severity: 'warning',
      code: 'DAMAGED_SET_ASIDE',
      subject: damaged.join(', '),
      what: 'A server could not read them and set them aside.',
      why: 'Something damages files on this disk.',
      mend: 'Look into the log of the kernel and at the health of the disk; then the files can go.',
    });
  }
  if (snapshots.length > MANY_SNAPSHOTS) {
    found.push({
      severity: 'warning',
      code: 'MANY_SNAPSHOTS',
      subject,
      what: `There are ${snapshots.length} snapshots.`,
      why: 'Old ones are not removed; the disk fills until the server stops.',
      mend: 'Set autopurge.purgeInterval=24 (Apache ZooKeeper never purges without it), or run zkCleanup.sh -n 5.',
    });
  }
  return found;
}

function judgeEpochs({ target, currentEpoch, acceptedEpoch, logs, snapshots }: DataFacts): Finding[] {
  const subject = target.dataDir;
  const found: Finding[] = [];
  if (currentEpoch !== null && acceptedEpoch !== null && currentEpoch > acceptedEpoch) {
    found.push({
      severity: 'error',
      code: 'EPOCH_ORDER',
      subject,
      what: `currentEpoch is ${currentEpoch}, acceptedEpoch only ${acceptedEpoch}.`,
      why: 'A server refuses to start with them.',
      mend: `Find out who wrote these files; where the data are intact, write ${currentEpoch} into acceptedEpoch.`,
    });
  }
  const newestZxid = Math.max(logs.at(-1)?.zxid ?? 0, snapshots[0]?.zxid ?? 0);
  if (currentEpoch !== null && zxidEpoch(newestZxid) > currentEpoch) {
    found.push({
      severity: 'error',
      code: 'EPOCH_BEHIND_LOG',
      subject,
      what: `The newest file is of epoch ${zxidEpoch(newestZxid)}, but currentEpoch is ${currentEpoch}.`,
      why: 'A server refuses to start: it cannot tell what it promised (ZOOKEEPER-2354).',
      mend: 'Bring the epoch files of the same time back, or let this server copy everything from the leader.',
    });
  }
  return found;
}

function judgeSpace({ dataSpace, logSpace, target, snapshots }: DataFacts): Finding[] {
  const snapshotBytes = 2 * (snapshots[0]?.sizeBytes ?? 0);
  const logBytes = 2 * target.preAllocBytes;
  if (dataSpace !== null && logSpace !== null && dataSpace.device !== logSpace.device) {
    return [
      ...judgeFree(target.dataDir, dataSpace, snapshotBytes),
      ...judgeFree(target.dataLogDir, logSpace, logBytes),
    ];
  }
  const space = dataSpace ?? logSpace;
  return space === null ? [] : judgeFree(target.dataDir, space, snapshotBytes + logBytes);
}

function judgeFree(dir: string, { freeBytes, totalBytes }: Space, neededBytes: number): Finding[] {
  const share = totalBytes === 0 ? 1 : freeBytes / totalBytes;
  const isFull = share < FULL_SHARE || freeBytes < neededBytes;
  if (!isFull && share >= NEARLY_FULL_SHARE) return [];
  return [
    {
      severity: isFull ? 'error' : 'warning',
      code: 'DISK_NEARLY_FULL',
      subject: dir,
      what: `${megabytes(freeBytes)} MB of ${megabytes(totalBytes)} MB are free (${Math.round(share * 100)}%).`,
      why: 'A server that cannot write its log stops, and one that cannot write snapshots starts ever more slowly.',
      mend: 'Remove old snapshots and logs (zkCleanup.sh -n 5), switch the purge on, or enlarge the disk.',
    },
  ];
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1e6);
}

function judgePlace({ target, dataSpace, logSpace, rootSpace }: DataFacts): Finding[] {
  const found: Finding[] = [];
  if (/^\/(var\/)?tmp\//.test(target.dataDir)) {
    found.push({
      severity: 'warning',
      code: 'DATA_IN_TMP',
      subject: target.dataDir,
      what: 'The data lie in a folder for temporary files.',
      why: 'Systems empty such folders at a restart or after some days.',
      mend: 'Move them to a folder of their own, such as /var/lib/zookeeper.',
    });
  }
  if (logSpace === null || dataSpace === null) return found;
  const shares =
    logSpace.device === rootSpace?.device ? 'the system' : logSpace.device === dataSpace.device ? 'snapshots' : null;
  if (shares !== null) {
    found.push({
      severity: 'note',
      code: 'LOG_SHARES_DISK',
      subject: target.dataLogDir,
      what: `The transaction log is on one file system with ${shares}.`,
      why: 'Every write waits for an fsync of the log; other writes to the same disk make it wait longer.',
      mend: 'Where latency matters, give the log a disk of its own with dataLogDir.',
    });
  }
  return found;
}

function judgeTree({ rootAcl, largest, crowded }: TreeFacts, subject: string, maxPacketBytes: number): Finding[] {
  const found: Finding[] = [];
  const open = rootAcl.find(
    ({ id, perms }) => id.scheme === 'world' && (perms & (Perms.create | Perms.delete | Perms.admin)) !== 0,
  );
  if (open !== undefined) {
    found.push({
      severity: 'note',
      code: 'ROOT_OPEN',
      subject,
      what: 'Everybody may create and delete children of the root, or change its ACL.',
      why: 'Whoever reaches the client port can fill the tree or remove what has no ACL of its own.',
      mend: 'Where clients are not all trusted: create what they need, then setAcl / world:anyone:r (and an admin of your own).',
    });
  }
  for (const { path, bytes } of largest) {
    found.push({
      severity: bytes > maxPacketBytes ? 'error' : 'warning',
      code: 'LARGE_NODE',
      subject: `${subject} ${path}`,
      what: `The node has ${bytes} bytes of data; a packet may have ${maxPacketBytes} (jute.maxbuffer).`,
      why: 'Large nodes slow every write down, and beyond the limit nobody can read them.',
      mend: 'Keep large values elsewhere and only their place in the node.',
    });
  }
  for (const { path, children, listBytes } of crowded) {
    found.push({
      severity: listBytes > maxPacketBytes ? 'error' : 'warning',
      code: 'TOO_MANY_CHILDREN',
      subject: `${subject} ${path}`,
      what: `The node has ${children} children; the list of their names has ${listBytes} bytes, a packet may have ${maxPacketBytes} (jute.maxbuffer).`,
      why: 'Beyond the limit clients lose their connection when they list the children, and cannot delete them either.',
      mend: 'Spread the children over several parents, or find out why nobody deletes them; a raised jute.maxbuffer on client and servers helps for now.',
    });
  }
  return found;
}
