import { ErrorCode } from '../../src/protocol/index.js';
import type { Member } from './ensemble.js';
import { eventually } from './eventually.js';
import { WireClient, WireClosed, WireError } from './wire-client.js';

/** For clients that stay a while and do not ping: as long as a session of these tests may be, for machines that stand still. */
export const PATIENT = { timeoutMs: 30_000 };
const LIMIT_MS = 60_000;

/**
 * Does `work` with a session at this server. When connection or session are lost before it is done (a server that loses its
 * leader closes its clients' connections, as one does that stood still for longer than a session lives), it is done again
 * with another session, as applications do: then `isAgain`, and some of it may be done already.
 */
export async function atServer<T>(
  member: Member,
  work: (client: WireClient, isAgain: boolean) => Promise<T>,
  limitMs = LIMIT_MS,
): Promise<T> {
  let isAgain = false;
  const { done } = await eventually(`a session at server ${member.sid} that lasts`, limitMs, async () => {
    try {
      return { done: await withSession(member, (client) => work(client, isAgain)) };
    } catch (error) {
      if (!isLoss(error)) throw error;
      isAgain = true;
      return undefined;
    }
  });
  return done;
}

async function withSession<T>(member: Member, work: (client: WireClient) => Promise<T>): Promise<T> {
  const client = await WireClient.connect(member.clientPort, { ...PATIENT, host: member.host });
  try {
    const done = await work(client);
    await client.close();
    return done;
  } finally {
    client.destroy();
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof WireClosed || (error instanceof WireError && error.code === ErrorCode.sessionExpired);
}

/** Creates the node, which another try may have done before its connection was lost. */
export async function createOnce(
  client: WireClient,
  isAgain: boolean,
  path: string,
  data: Buffer | null = null,
): Promise<void> {
  try {
    await client.create(path, data);
  } catch (error) {
    if (!isAgain || !(error instanceof WireError) || error.code !== ErrorCode.nodeExists) throw error;
  }
}
