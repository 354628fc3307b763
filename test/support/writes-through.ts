import { eventually } from './eventually.js';
import type { Member } from './ensemble.js';
import { WireClient, WireClosed } from './wire-client.js';

/** Creates a node through this server; roles may still change while it is asked. */
export async function writesThrough(member: Member, path: string, limitMs: number): Promise<void> {
  await eventually(`a write of ${path}`, limitMs, async () => {
    try {
      const client = await WireClient.connect(member.clientPort);
      await client.create(path);
      await client.close();
      return true;
    } catch (error) {
      if (error instanceof WireClosed) return false;
      throw error;
    }
  });
}
