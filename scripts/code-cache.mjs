// Lets the bundle of the server live through a start, alone and as three, with a few requests; then keeps what V8 compiled for
// it (src/cli/launch.cts). Part of `npm run build`, with the flags of bin/zk-server: V8 refuses code made under others.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT_MS = 30_000;
const dist = new URL('../dist/', import.meta.url);
const { CACHE, compile } = createRequire(import.meta.url)(fileURLToPath(new URL('bundle/launch.cjs', dist)));
const { ZooKeeperClient } = await import(new URL('zk-client/index.js', dist));

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The text of a zoo.cfg, in a folder of its own. */
function writeConfig(folder, name, lines) {
  const dataDir = join(folder, name);
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'myid'), name);
  const file = join(folder, `${name}.cfg`);
  writeFileSync(file, [`dataDir=${dataDir}`, 'tickTime=500', 'initLimit=20', 'syncLimit=10', ...lines, ''].join('\n'));
  return file;
}

/** Begins a server in this process. */
function start(program, config) {
  process.argv = [process.execPath, 'zk-server', 'start', config];
  program.run();
}

async function request(ports) {
  const client = new ZooKeeperClient(ports.map((port) => `127.0.0.1:${port}`).join());
  await client.connected({ timeoutMs: LIMIT_MS });
  for (let i = 0; i < 50; i++) {
    await client.create(`/n${i}`, 'x', { mode: i % 2 === 0 ? 'persistent' : 'ephemeral' });
    await client.setData(`/n${i}`, 'y');
    await client.getData(`/n${i}`);
    await client.exists(`/n${i}`, { watch: () => undefined });
    await client.getChildren('/');
    await client.delete(`/n${i}`);
  }
  await client.close();
}

const folder = mkdtempSync(join(tmpdir(), 'zk-server-code-'));
const deadline = setTimeout(() => {
  console.error('The servers did not answer; there will be no code cache, and starts take longer.');
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}, LIMIT_MS);
const program = compile();
const own = (metrics, admin) => [`metricsProvider.httpPort=${metrics}`, `admin.serverPort=${admin}`];
const [single, ...ports] = await freePorts(19);
const members = [1, 2, 3].map((id) => `server.${id}=127.0.0.1:${ports[id]}:${ports[id + 3]}`);
start(program, writeConfig(folder, '0', [`clientPort=${single}`, ...own(ports[7], ports[8])]));
await request([single]);
const clients = ports.slice(9, 12);
for (const [i, client] of clients.entries()) {
  const lines = [`clientPort=${client}`, ...members, ...own(ports[12 + i], ports[15 + i])];
  start(program, writeConfig(folder, String(i + 1), lines));
}
await request(clients);
writeFileSync(CACHE, program.script.createCachedData());
clearTimeout(deadline);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
