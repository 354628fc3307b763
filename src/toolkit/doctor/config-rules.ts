import { formatOrigin } from '../../config/index.js';
import type { ConfigFacts } from './config-facts.js';
import { differs, sameId } from './ensemble-rules.js';
import type { Finding } from './finding.js';

/* What configurations say, one by one and compared. */

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
const LOOPBACK = /^(127\.|::1$)/;
/** Settings that have to be the same on all servers of an ensemble. */
const COMPARED = [
  'tickTime',
  'initLimit',
  'syncLimit',
  'jute.maxbuffer',
  'maxClientCnxns',
  'minSessionTimeout',
  'maxSessionTimeout',
];

export function judgeConfig(facts: ConfigFacts, wallMs: number): Finding[] {
  return [
    ...judgeFaults(facts),
    ...judgeMembership(facts),
    ...judgePurge(facts),
    ...judgeRisks(facts),
    ...judgeStores(facts, wallMs),
    ...judgePeers(facts),
  ];
}

/** What the configuration reader itself complains about. */
function judgeFaults({ loaded, path }: ConfigFacts): Finding[] {
  return loaded.faults.map(({ severity, code, where, reason, mend }) => ({
    severity,
    code: `CONFIG_${code}`,
    subject: where === null ? path : formatOrigin(where),
    what: sentence(reason),
    why: severity === 'error' ? 'A server does not start with it.' : 'A server starts, but perhaps not as it is meant.',
    mend: mend === '' ? 'Nothing has to be done.' : mend,
  }));
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function judgeMembership({ loaded: { config }, path }: ConfigFacts): Finding[] {
  if (config?.mode !== 'quorum') return [];
  const { voters, kind } = config.membership;
  if (kind !== 'majority' || voters.size % 2 === 1) return [];
  return [
    {
      severity: 'warning',
      code: 'EVEN_VOTERS',
      subject: path,
      what: `There are ${voters.size} voters.`,
      why: `A majority needs ${voters.size / 2 + 1} of them, so that no more may fail than with ${voters.size - 1}.`,
      mend: 'Add a voter, or make one an observer (server.N=host:port:port:observer).',
    },
  ];
}

function judgePurge({ given, path, loaded }: ConfigFacts): Finding[] {
  if (loaded.settings.length === 0) return [];
  const interval = given.get('autopurge.purgeInterval');
  if (interval !== undefined && Number(interval) > 0) return [];
  return [
    {
      severity: interval === undefined ? 'note' : 'warning',
      code: 'PURGE_OFF',
      subject: path,
      what:
        interval === undefined
          ? 'autopurge.purgeInterval is not set.'
          : 'The purge is switched off (autopurge.purgeInterval=0).',
      why: 'Apache ZooKeeper then never removes old snapshots and logs; the disk fills until the server stops.',
      mend: 'Set autopurge.purgeInterval=24 and autopurge.snapRetainCount=5, or run zkCleanup.sh -n 5 every day.',
    },
  ];
}

const RISKS: readonly (readonly [key: string, bad: RegExp, why: string, mend: string])[] = [
  [
    'forceSync',
    /^(no|false)$/i,
    'Writes are acknowledged before they are durable: a power cut can take them, and with them the agreement of the ensemble.',
    'Remove forceSync, or set it to yes.',
  ],
  ['skipACL', /^(yes|true)$/i, 'No ACL is checked: every client may read and change everything.', 'Remove skipACL.'],
  [
    'snapshot.trust.empty',
    /^true$/i,
    'A server that has lost its snapshots starts with what the logs alone hold, and takes that for everything.',
    'It is for one start after an upgrade from 3.4; remove it.',
  ],
];

function judgeRisks({ given, path }: ConfigFacts): Finding[] {
  return RISKS.filter(([key, bad]) => bad.test(given.get(key) ?? '')).map(([key, , why, mend]) => ({
    severity: 'warning',
    code: 'RISKY_SETTING',
    subject: path,
    what: `${key} is ${given.get(key) ?? ''}.`,
    why,
    mend,
  }));
}

function judgeStores({ stores }: ConfigFacts, wallMs: number): Finding[] {
  return stores.flatMap(({ path, certificates, fault }): Finding[] => {
    if (fault !== null) {
      return [
        {
          severity: 'error',
          code: 'STORE_UNREADABLE',
          subject: path,
          what: `It cannot be read: ${fault}`,
          why: 'TLS does not work without it.',
          mend: 'Check the path, the password and the rights of the file.',
        },
      ];
    }
    return certificates.flatMap(({ subject, notAfterMs }) =>
      judgeCertificate(path, subject, (notAfterMs - wallMs) / DAY_MS),
    );
  });
}

function judgeCertificate(path: string, subject: string, daysLeft: number): Finding[] {
  if (daysLeft > SOON_DAYS) return [];
  const when = daysLeft <= 0 ? `expired ${Math.floor(-daysLeft)} days ago` : `expires in ${Math.ceil(daysLeft)} days`;
  return [
    {
      severity: daysLeft <= 0 ? 'error' : 'warning',
      code: daysLeft <= 0 ? 'CERTIFICATE_EXPIRED' : 'CERTIFICATE_EXPIRES',
      subject: path,
      what: `The certificate ${subject.replaceAll('\n', ', ')} ${when}.`,
      why: 'From then on every new TLS connection is refused; servers that lose each other do not come together again.',
      mend: 'Put a new certificate in its place; with certReload it is taken without a restart.',
    },
  ];
}

function judgePeers({ peers, path }: ConfigFacts): Finding[] {
  const found: Finding[] = [];
  const isSpread = new Set(peers.flatMap(({ addresses }) => addresses.filter((one) => !LOOPBACK.test(one)))).size > 0;
  for (const { sid, host, addresses, electionFault } of peers) {
    const subject = `${path}: server.${sid} (${host})`;
    if (addresses.length === 0) {
      found.push({
        severity: 'error',
        code: 'NAME_UNKNOWN',
        subject,
        what: `The name service of this machine does not know ${host}.`,
        why: 'This server cannot dial that one; its votes and data do not arrive.',
        mend: 'Correct the name, or make it known to DNS or /etc/hosts.',
      });
    } else if (isSpread && addresses.every((address) => LOOPBACK.test(address))) {
      found.push({
        severity: 'warning',
        code: 'NAME_IS_LOOPBACK',
        subject,
        what: `On this machine ${host} is ${addresses.join(', ')}.`,
        why: 'Listening on that name, the server can be reached by nobody else; servers elsewhere wait for it in vain.',
        mend: 'Remove the name from the line of 127.0.1.1 in /etc/hosts, or set quorumListenOnAllIPs=true.',
      });
    }
    if (electionFault !== null) {
      found.push({
        severity: 'error',
        code: 'PORT_NOT_REACHABLE',
        subject,
        what: `Its election port cannot be reached: ${electionFault}.`,
        why: 'It does not run, or a firewall is between; it takes no part in elections as seen from here.',
        mend: 'Start it, or open both of its ports between the servers.',
      });
    }
  }
  return found;
}

/** Configurations of several servers of one ensemble. */
export function judgeConfigs(all: readonly ConfigFacts[]): Finding[] {
  if (all.length < 2) return [];
  const found: Finding[] = [];
  const byId = new Map<number, string[]>();
  for (const { myId, path, loaded } of all) {
    if (myId !== null && loaded.serverOrigins.size > 0) byId.set(myId, [...(byId.get(myId) ?? []), path]);
  }
  for (const [id, paths] of byId) if (paths.length > 1) found.push(sameId(String(id), paths));
  for (const key of COMPARED) {
    const told = all.flatMap(({ path, loaded }) => {
      const text = loaded.settings.find((setting) => setting.key === key)?.text;
      return text === undefined ? [] : [[path, text] as const];
    });
    const why = 'What holds then depends on which server leads, or on which a client is connected to.';
    found.push(...differs(told, key, key === 'jute.maxbuffer' || key === 'tickTime' ? 'error' : 'warning', why));
  }
  const lists = all.flatMap(({ path, loaded: { config } }) =>
    config?.mode === 'quorum' ? [[path, serverLines(config.membership.toText())] as const] : [],
  );
  found.push(
    ...differs(
      lists,
      'server list',
      'error',
      'Servers that do not agree on who belongs to the ensemble may elect two leaders, or none.',
    ),
  );
  return found;
}

/** Without the version, which differs while a reconfiguration spreads. */
function serverLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('version='))
    .sort()
    .join('\n');
}
