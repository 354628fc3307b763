import { useState } from 'preact/hooks';
import type { NodeView } from '../status/index.js';
import { ask } from './api.js';
import { decodeBase64, DISPLAYS, type Display, displayed } from './data-view.js';
import { bytes, count, dateTime } from './format.js';
import { Problem } from './problem.js';
import { Table } from './table.js';

/** Data, stat and ACL of a node. */
export function NodeDetails({ node, reload }: { node: NodeView; reload: () => void }) {
  return (
    <section aria-labelledby="node-title" class="node-details">
      <h2 id="node-title">
        <code>{node.path}</code>
      </h2>
      <p>
        <button type="button" onClick={reload}>
          Read again
        </button>
      </p>
      <Data key={`${node.path} ${node.mzxid}`} node={node} />
      <h3>Permissions</h3>
      <Table
        caption="Access control list"
        columns={[
          { title: 'Scheme', cell: ({ scheme }) => scheme },
          { title: 'Id', cell: ({ id }) => <code>{id}</code> },
          { title: 'May', cell: ({ perms }) => permissions(perms) },
        ]}
        rows={node.acl}
        keyOf={({ scheme, id, perms }) => `${scheme} ${id} ${perms}`}
      />
      <h3>Stat</h3>
      <dl class="stat">
        {statOf(node).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const WORDS: Readonly<Record<string, string>> = { c: 'create', d: 'delete', r: 'read', w: 'write', a: 'administer' };

function permissions(letters: string): string {
  const words = Array.from(letters, (letter) => WORDS[letter] ?? letter);
  return words.length === 0 ? 'nothing' : words.join(', ');
}

function statOf(node: NodeView): [string, string][] {
  const facts: [string, string][] = [
    ['kind', node.kind],
    ['created', `${dateTime(node.ctimeWallMs)}, zxid ${node.czxid}`],
    ['data changed', `${dateTime(node.mtimeWallMs)}, zxid ${node.mzxid}`],
    ['children changed', `zxid ${node.pzxid}`],
    ['data version', count(node.version)],
    ['child version', count(node.cversion)],
    ['ACL version', count(node.aversion)],
    ['children', `${count(node.children)}, ${count(node.descendants)} at any depth`],
  ];
  if (node.owner !== null) facts.push(['owner', `session ${node.owner}`]);
  if (node.ttlMs > 0) facts.push(['time to live', `${count(node.ttlMs)} ms`]);
  return facts;
}

function Data({ node }: { node: NodeView }) {
  const { data } = node;
  const [parts, setParts] = useState<readonly Uint8Array[]>([decodeBase64(data.base64)]);
  const [display, setDisplay] = useState<Display>('text');
  const [problem, setProblem] = useState('');
  const known = parts.reduce((sum, part) => sum + part.length, 0);
  const more = (): void => {
    ask<NodeView>('node', { path: node.path, offset: String(known), bytes: String(MORE_BYTES) })
      .then((next) => {
        if (next.mzxid !== node.mzxid) setProblem('The data has changed meanwhile: read it again.');
        else setParts([...parts, decodeBase64(next.data.base64)]);
      })
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  if (data.isNull) return <p>It has no data (null).</p>;
  return (
    <>
      <fieldset class="displays">
        <legend>Data, {bytes(data.totalBytes)}</legend>
        {DISPLAYS.map((name) => (
          <label key={name}>
            <input type="radio" name="display" checked={display === name} onChange={() => setDisplay(name)} />
            {name}
          </label>
        ))}
      </fieldset>
      {problem !== '' && <Problem>{problem}</Problem>}
      <pre tabIndex={0} role="region" aria-label={`Data as ${display}`} data-testid="data">
        {displayed(concat(parts, known), display, known === data.totalBytes)}
      </pre>
      {known < data.totalBytes && (
        <p>
          <button type="button" onClick={more}>
            Show more
          </button>{' '}
          {bytes(known)} of {bytes(data.totalBytes)} are shown.
        </p>
      )}
    </>
  );
}

const MORE_BYTES = 256 * 1024;

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
