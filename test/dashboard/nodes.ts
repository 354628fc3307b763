import { WireClient } from '../support/wire-client.js';

const CHILDREN_A_MULTI = 1000;
const PING_MS = 1000;

/** Makes the node with so many children: `node-0000000` and so on. */
export async function fill(client: WireClient, path: string, count: number): Promise<void> {
  await client.create(path, null);
  for (let first = 0; first < count; first += CHILDREN_A_MULTI) {
    const names = Array.from({ length: Math.min(CHILDREN_A_MULTI, count - first) }, (_, i) => first + i);
    await client.multi(
      names.map((i) => ({ op: 'create' as const, path: `${path}/node-${String(i).padStart(7, '0')}` })),
    );
  }
}

/** A client whose session lives until it is destroyed. */
export async function lastingClient(port: number): Promise<WireClient> {
  const client = await WireClient.connect(port);
  const timer = setInterval(() => {
    client.ping().catch(() => clearInterval(timer));
  }, PING_MS);
  timer.unref();
  return client;
}
