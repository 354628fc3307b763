import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { atServer, createOnce, PATIENT } from '../support/at-server.js';
import { WireClient, WireClosed } from '../support/wire-client.js';

/** The session of `old` at another server. One that has not seen yet what the client has seen refuses at first. */
export function moved(member: Member, old: WireClient): Promise<WireClient> {
  const { sessionId, password, lastZxid: lastZxidSeen } = old;
  return eventually('the session moves', PATIENT.timeoutMs, async () =>
    WireClient.connect(member.clientPort, { ...PATIENT, sessionId, password, lastZxidSeen }).catch((error: unknown) => {
      if (error instanceof WireClosed) return undefined;
      throw error;
    }),
  );
}

export const ADDED = 31;

/** So many transactions, enough for a DIFF, on a node of their own. */
export function addSome(path: string, member: Member): Promise<void> {
  return atServer(member, async (client, isAgain) => {
    await createOnce(client, isAgain, path);
    await Promise.all(Array.from({ length: ADDED - 1 }, (_, i) => client.setData(path, Buffer.from(String(i)))));
  });
}
