// Three servers on loopback until Ctrl-C or SIGTERM. Called by scripts/quickstart, which installs and builds first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../bin/zk-server', import.meta.url));
const HOST = '127.0.0.1';
const SIDS = [1, 2, 3];
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

/** The first server's ports; each other server has the next ones. */
function firstPorts() {
  const text = process.env.PORT_BASE ?? '';
  if (text === '') return { client: 2181, quorum: 2888, election: 3888, admin: 8080, metrics: 7000 };
  const base = Number(text);
  if (!Number.isInteger(base) || base < 1 || base > 65535 - 42) throw new Error(`PORT_BASE=${text} is not a port`);
  return { client: base, quorum: base + 10, election: base + 20, admin: base + 30, metrics: base + 40 };
}

function choosePorts() {
  const first = Object.entries(firstPorts());
  return SIDS.map((_, i) => Object.fromEntries(first.map(([use, port]) => [use, port + i])));
}

async function isFree(port) {
  const probe = createServer();
  try {
    probe.listen({ host: HOST, port, exclusive: true });
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

async function checkPorts(ports) {
  const taken = [];
  for (const port of ports.flatMap(Object.values)) if (!(await isFree(port))) taken.push(port);
  if (taken.length === 0) return;
  const other = ports[0].client < 12_000 ? 12_000 : ports[0].client + 100;
  throw new Error(`other programs have port ${taken.join(', ')}. Choose others: PORT_BASE=${other} scripts/quickstart`);
}

function writeConfig(folder, sid, ports) {
  const own = join(folder, String(sid));
  mkdirSync(join(own, 'data'), { recursive: true });
  writeFileSync(join(own, 'data', 'myid'), `${sid}\n`);
  const lines = [
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    `dataDir=${join(own, 'data')}`,
    '4lw.commands.whitelist=*',
    `admin.serverAddress=${HOST}`,
    `admin.serverPort=${ports[sid - 1].admin}`,
    // On one machine each has a port of its own, which the dashboards of the others cannot guess.
    `admin.peerAddresses=${ports.map(({ admin }, i) => `${i + 1}=${HOST}:${admin}`).join(',')}`,
    `metricsProvider.httpHost=${HOST}`,
    `metricsProvider.httpPort=${ports[sid - 1].metrics}`,
    ...ports.map((port, i) => `server.${i + 1}=${HOST}:${port.quorum}:${port.election};${HOST}:${port.client}`),
  ];
  const file = join(own, 'zoo.cfg');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** In a process group of its own, so that Ctrl-C reaches only this script, which then stops all of them in order. */
function startServer(folder, sid, configFile) {
  const logFile = join(folder, String(sid), 'log');
  const log = openSync(logFile, 'a');
  const child = spawn(LAUNCHER, ['start', configFile], { stdio: ['ignore', log, log], detached: true });
  return { sid, child, logFile, configFile };
}

function hasEnded({ child }) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** What `srvr` says the server is; empty while it does not serve. */
function modeOf(port) {
  return new Promise((done) => {
    let answer = '';
    const socket = connect({ host: HOST, port });
    const finish = () => {
      socket.destroy();
      done(/^Mode: (\w+)/m.exec(answer)?.[1] ?? '');
    };
    socket.setTimeout(2000, finish);
    socket.once('connect', () => socket.write('srvr'));
    socket.on('data', (chunk) => (answer += chunk.toString('utf8')));
    socket.once('error', finish);
    socket.once('close', finish);
  });
}

async function untilServing(servers, ports, state) {
  const end = performance.now() + START_LIMIT_MS;
  for (;;) {
    const modes = await Promise.all(ports.map(({ client }) => modeOf(client)));
    if (modes.every((mode) => mode !== '') && modes.includes('leader')) return modes;
    const ended = servers.find(hasEnded);
    if (ended !== undefined && !state.stopping) {
      throw new Error(
        `server ${ended.sid} ended. The end of ${ended.logFile}:\n${readFileSync(ended.logFile, 'utf8').slice(-2000)}`,
      );
    }
    if (state.stopping) return [];
    if (performance.now() > end)
      throw new Error(`no leader within ${START_LIMIT_MS / 1000} s; see ${servers[0].logFile}`);
    await delay(100);
  }
}

async function stopServer(server) {
  if (hasEnded(server)) return;
  const gone = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  const timer = setTimeout(() => server.child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(timer);
}

function explain(modes, ports, servers, folder) {
  const leader = modes.indexOf('leader') + 1;
  const hosts = ports.map(({ client }) => `${HOST}:${client}`).join(',');
  console.log(`
Three servers run; server ${leader} leads.

  connect to   ${hosts}
  for example  zkCli.sh -server ${hosts}
               python3 -c "import kazoo.client as k; c = k.KazooClient('${hosts}'); c.start(); print(c.get_children('/'))"
  ask one      bin/zk-server status ${servers[0].configFile}
  dashboard    http://${HOST}:${ports[0].admin}/dashboard/
  health       http://${HOST}:${ports[0].admin}/readyz?verbose
  commands     http://${HOST}:${ports[0].admin}/commands
  metrics      http://${HOST}:${ports[0].metrics}/metrics (dashboard 10465 of grafana.com shows them)
  data, logs   ${folder}

Ctrl-C stops them.`);
}

async function main() {
  const ports = choosePorts();
  await checkPorts(ports);
  const given = process.env.QUICKSTART_DIR ?? '';
  const folder = given === '' ? mkdtempSync(join(tmpdir(), 'zk-quickstart-')) : resolve(given);
  const state = { stopping: false };
  let ask = () => undefined;
  const asked = new Promise((done) => (ask = done));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      state.stopping = true;
      ask();
    });
  }
  console.log('Starting three servers ...');
  const servers = SIDS.map((sid) => startServer(folder, sid, writeConfig(folder, sid, ports)));
  try {
    const modes = await untilServing(servers, ports, state);
    if (!state.stopping) explain(modes, ports, servers, folder);
    const oneEnded = Promise.race(servers.map(({ sid, child }) => once(child, 'exit').then(() => sid)));
    const ended = await Promise.race([asked, oneEnded]);
    if (ended !== undefined && !state.stopping) console.log(`Server ${ended} ended; stopping the others.`);
  } finally {
    await Promise.all(servers.map(stopServer));
    console.log('All three are stopped.');
  }
  if (given === '') rmSync(folder, { recursive: true, force: true });
  return state.stopping ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`quickstart: ${error.message}`);
  process.exitCode = 1;
}
