import assert from 'node:assert/strict';
import { atServer } from '../support/at-server.js';
import type { Ensemble, Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import type { RecordingWriter } from './recording-writer.js';

/** Waits until every writer got at least `more` further acknowledgements: the load is on. */
export async function progress(writers: readonly RecordingWriter[], more: number): Promise<void> {
  const wanted = writers.map((writer) => writer.acknowledged.length + more);
  await eventually(`${more} more writes by each writer`, 60_000, () =>
    Promise.resolve(writers.every((writer, i) => writer.acknowledged.length >= (wanted[i] ?? 0))),
  );
}

/** The zxid that created each child of `folder`, as this server tells it after a sync. */
function createdBy(member: Member, folder: string): Promise<Map<string, number>> {
  return atServer(member, async (client) => {
    await client.sync(folder);
    const names = await client.getChildren(folder);
    const found = new Map<string, number>();
    for (let from = 0; from < names.length; from += 500) {
      const slice = names.slice(from, from + 500);
      const stats = await Promise.all(slice.map((name) => client.exists(`${folder}/${name}`)));
      slice.forEach((name, i) => found.set(name, stats[i]?.czxid ?? -1));
    }
    return found;
  });
}

/** Every server shows every acknowledged write of the writers, in the order in which it was sent, and all show the same. */
export async function assertNothingLost(ensemble: Ensemble, writers: readonly RecordingWriter[]): Promise<void> {
  for (const writer of writers) {
    const views = await Promise.all(ensemble.members.map((member) => createdBy(member, writer.folder)));
    const [first] = views;
    assert.ok(first);
    for (const view of views) {
      assert.deepEqual([...view].sort(), [...first].sort(), `every server shows the same ${writer.folder}`);
    }
    let last = -1;
    for (const number of writer.acknowledged.toSorted((a, b) => a - b)) {
      const zxid = first.get(writer.nodeOf(number));
      assert.ok(zxid !== undefined, `acknowledged ${writer.folder}/${writer.nodeOf(number)} is there`);
      assert.ok(zxid > last, `${writer.folder}/${writer.nodeOf(number)} was created in order`);
      last = zxid;
    }
  }
}
