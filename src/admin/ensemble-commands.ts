import { formatEndpoint, type Endpoint } from '../host/index.js';
import type { QuorumServer } from '../membership/index.js';
import { formatZxid, zxidCounter, zxidEpoch } from '../protocol/index.js';
import { shownZxid } from '../status/index.js';
import { always, type Command, NOTHING, serving } from './command.js';
import { type Fields, fields, type Json } from './json.js';
import type { AdminTarget } from './needs.js';

/** Several addresses as ZooKeeper's `MultipleAddresses` shows itself; nobody tries here whether they can be reached. */
function addressFields(endpoints: readonly Endpoint[]): Fields {
  const all = endpoints.map(formatEndpoint);
  const one = all[0] ?? null;
  return fields({
    empty: all.length === 0,
    all_addresses: all,
    all_reachable_addresses: all,
    one,
    reachable_address: one,
    wildcard_addresses: endpoints.map(({ port }) => `0.0.0.0:${port}`),
    all_ports: endpoints.map(({ port }) => port),
    all_host_strings: endpoints.map(({ host }) => host),
    all_reachable_addresses_or_all: all,
    reachable_or_one: one,
  });
}

function endpointsOf({ addresses }: QuorumServer, port: 'quorumPort' | 'electionPort'): Endpoint[] {
  return addresses.map((address) => ({ host: address.host, port: address[port] }));
}

/** `0.0.0.0:2181`; empty when there is none. */
function clientAddress(server: QuorumServer, { clientEndpoint, commands }: AdminTarget): string {
  const isSelf = server.sid === commands.status.settings.serverId;
  const endpoint = server.client ?? (isSelf ? clientEndpoint : null);
  return endpoint === null
    ? ''
    : formatEndpoint({ ...endpoint, host: endpoint.host === '' ? '0.0.0.0' : endpoint.host });
}

/** ZooKeeper's phase of Zab: what stands behind the dash in `following - broadcast`. */
function zabState(peerState: string): string {
  return peerState === 'looking' ? 'election' : (peerState.split(' - ')[1] ?? 'election');
}

function votingView(target: AdminTarget): Json {
  const voters = [...(target.verifier()?.members.values() ?? [])].filter(({ role }) => role === 'participant');
  return new Map(
    voters.map((server): [number, Json] => [
      server.sid,
      fields({
        server_addresses: endpointsOf(server, 'quorumPort').map(formatEndpoint),
        election_addresses: endpointsOf(server, 'electionPort').map(formatEndpoint),
        client_address: clientAddress(server, target),
        learner_type: 'participant',
      }),
    ]),
  );
}

function zabFields(target: AdminTarget, mode: string | null, lastZxid: number): Fields {
  const { settings } = target.commands.status;
  const quorum = target.commands.status.quorum();
  const own = target.verifier()?.members.get(settings.serverId);
  if (quorum === null || own === undefined) return fields({ voting: false, zabstate: '' });
  return fields({
    myid: settings.serverId,
    is_leader: mode === 'leader',
    quorum_address: addressFields(endpointsOf(own, 'quorumPort')),
    election_address: addressFields(endpointsOf(own, 'electionPort')),
    client_address: clientAddress(own, target),
    voting: own.role === 'participant',
    last_zxid: formatZxid(lastZxid),
    zab_epoch: zxidEpoch(lastZxid),
    zab_counter: zxidCounter(lastZxid),
    zabstate: zabState(quorum.peerState),
  });
}

export const ensembleCommands: readonly Command[] = [
  serving(['leader', 'lead'], (target, { mode }) => {
    const quorum = target.commands.status.quorum();
    if (quorum === null) return fields({ error: 'server is not initialized' });
    const leader = quorum.leaderSid === null ? undefined : target.verifier()?.members.get(quorum.leaderSid);
    return fields({
      is_leader: mode === 'leader',
      leader_id: quorum.leaderSid ?? -1,
      leader_ip: leader?.addresses[0]?.host ?? '',
    });
  }),
  serving(['observer_connection_stat_reset', 'orst'], (target) => {
    target.resetObserverStatistics();
    return NOTHING;
  }),
  serving(['observers', 'obsr'], (target) => {
    const observers = target.learners().filter(({ isObserver, isLive }) => isObserver && isLive);
    const nowMs = target.clock.wallMs();
    return fields({
      synced_observers: observers.length,
      observers: observers.map((one) =>
        fields({
          remote_socket_address: `/${one.address}`,
          sid: one.sid,
          established: Math.round(nowMs - one.connectedForMs),
          queued_packets: one.queuedPackets,
          queued_packets_size: one.queuedBytes,
          packets_received: one.packetsReceived,
          packets_sent: one.packetsSent,
          requests: one.requestsReceived,
          last_zxid: one.ackedZxid,
        }),
      ),
    });
  }),
  serving(['voting_view'], (target) => fields({ current_config: votingView(target) })),
  always(['zabstate'], (target, pipeline) => {
    const mode = pipeline?.mode ?? null;
    const lastZxid = pipeline?.tree.lastProcessedZxid ?? target.database()?.lastAppliedZxid ?? 0;
    return zabFields(target, mode, shownZxid(target.commands.status, mode, Math.max(0, lastZxid)));
  }),
];
