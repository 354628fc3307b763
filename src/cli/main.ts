import type { StartReport } from './context.js';

const OLDEST_NODE = [20, 19] as const;

function isNodeTooOld(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
}

/** Who started this server in the background listens as long as it cares. */
function reporter(): ((report: StartReport) => void) | null {
  if (process.env['ZK_SERVER_REPORT'] !== '1' || process.send === undefined) return null;
  return (report) => {
    if (process.connected) process.send?.(report);
  };
}

async function main(): Promise<number> {
  // Before anything is awaited: scripts/code-cache.mjs runs several servers in one process.
  const [node = '', script = '', ...args] = process.argv;
  if (isNodeTooOld()) {
    console.error(`zk-server needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.version}.`);
    return 2;
  }
  const { runCli } = await import('./program.js');
  const report = reporter();
  return runCli(args, {
    env: process.env,
    workingDir: process.cwd(),
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    self: [node, ...process.execArgv, script],
    ...(report === null ? {} : { report }),
  });
}

main().then(
  (exitCode) => {
    // Not process.exit, which would cut off output that a pipe has not taken yet.
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    console.error(`Unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(1);
  },
);
