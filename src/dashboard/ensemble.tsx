import type { EnsembleMember, EnsembleView, Latency } from '../status/index.js';
import { Chart } from './chart.js';
import { bytes, count, duration, milliseconds, plural } from './format.js';
import type { History } from './history.js';
import { Links } from './links.js';
import { roleOf } from './role.js';
import { type Column, Table } from './table.js';

/** Roles, epoch, zxid, lag, links and figures of every server at a glance, then charts. */
export function Ensemble({ ensemble, history }: { ensemble: EnsembleView | null; history: History }) {
  if (ensemble === null) return <p>Asking …</p>;
  const { members } = ensemble;
  return (
    <>
      <p class="summary" data-testid="summary">
        {describe(members)}
      </p>
      <h2 class="hidden">Servers</h2>
      <div class="glance">
        <Links members={members} />
        <ul class="cards">
          {members.map((member) => (
            <li key={member.sid}>
              <Card member={member} />
            </li>
          ))}
        </ul>
      </div>
      <h2>Figures</h2>
      <Table caption="Figures of each server" columns={COLUMNS} rows={members} keyOf={({ sid }) => sid} />
      <h2>The last minutes</h2>
      <div class="charts">
        <Chart title="Packets received per second" unit="/s" figure="requestsPerSecond" history={history} />
        <Chart title="Mean time of a write" unit="ms" figure="writeMs" history={history} />
        <Chart title="Mean time of an fdatasync" unit="ms" figure="fsyncMs" history={history} />
        <Chart title="Transactions behind the leader" unit="" figure="lag" history={history} />
      </div>
    </>
  );
}

function describe(members: readonly EnsembleMember[]): string {
  const [only] = members;
  if (members.length === 1 && only?.summary?.mode === 'standalone') return 'One server, alone.';
  const leader = members.find(({ summary }) => summary?.mode === 'leader');
  const serving = members.filter(
    ({ summary, learner }) => (summary?.mode ?? null) !== null || learner?.isLive === true,
  );
  const who = leader === undefined ? 'Nobody leads, as far as is known' : `Server ${leader.sid} leads`;
  const epoch = leader?.summary === undefined || leader.summary === null ? '' : ` in epoch ${leader.summary.epoch}`;
  return `${who}${epoch}; ${serving.length} of ${plural(members.length, 'server')} serve.`;
}

function Card({ member }: { member: EnsembleMember }) {
  const { sid, summary, learner, source, problem, adminAddress } = member;
  const role = roleOf(member);
  return (
    <article class={`card role-${role.split(' ')[0] ?? ''}`}>
      <h3>
        Server {sid} <span class="role">{role}</span>
      </h3>
      <dl>
        <dt>zxid</dt>
        <dd>{summary?.lastZxid ?? learner?.ackedZxid ?? 'unknown'}</dd>
        <dt>epoch</dt>
        <dd>{summary?.epoch ?? 'unknown'}</dd>
        <dt>lag</dt>
        <dd>{learner === null ? '–' : plural(learner.lag, 'transaction')}</dd>
        <dt>clients</dt>
        <dd>{summary === null ? 'unknown' : plural(summary.clients.connections, 'connection')}</dd>
        <dt>up for</dt>
        <dd>{summary === null ? 'unknown' : duration(summary.uptimeMs)}</dd>
      </dl>
      {problem !== '' && (
        <p class="note">
          Its admin port at {adminAddress} tells nothing ({problem}).
          {source === 'leader' ? ' This is what its leader knows.' : ''}
        </p>
      )}
    </article>
  );
}

function quantiles({ count: measured, p50, p99 }: Latency): string {
  return measured === 0 ? 'none yet' : `${milliseconds(p50)} / ${milliseconds(p99)}`;
}

type Cell = (summary: NonNullable<EnsembleMember['summary']>) => string;

function column(title: string, cell: Cell): Column<EnsembleMember> {
  return { title, isNumber: true, cell: ({ summary }) => (summary === null ? '–' : cell(summary)) };
}

const COLUMNS: readonly Column<EnsembleMember>[] = [
  { title: 'Server', cell: ({ sid }) => sid },
  { title: 'Address', cell: ({ address }) => (address === '' ? '–' : address) },
  column('Sessions', ({ clients }) => count(clients.sessions)),
  column('Connections', ({ clients }) => count(clients.connections)),
  column('Outstanding', ({ clients }) => count(clients.outstanding)),
  column('Reads p50 / p99', ({ clients: { reads } }) => quantiles(reads)),
  column('Writes p50 / p99', ({ clients: { writes } }) => quantiles(writes)),
  column('fdatasync p50 / p99', ({ disk: { fsync } }) => quantiles(fsync)),
  column('Slow fdatasyncs', ({ disk }) => count(disk.slowFsyncs)),
  column('Log', ({ disk }) => bytes(disk.logBytes)),
  column('Snapshots', ({ disk }) => bytes(disk.snapshotBytes)),
  column('Free on disk', ({ disk }) => (disk.freeBytes === null ? 'unknown' : bytes(disk.freeBytes))),
  column('Nodes', ({ tree }) => count(tree.nodes)),
  column('Data', ({ tree }) => bytes(tree.dataBytes)),
  column('Watches', ({ tree }) => count(tree.watches)),
];
