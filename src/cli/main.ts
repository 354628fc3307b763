const OLDEST_NODE = [20, 19] as const;

function isNodeTooOld(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
}

async function main(): Promise<number> {
  if (isNodeTooOld()) {
    console.error(`zk-server needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.version}.`);
    return 2;
  }
  const { runCli } = await import('./program.js');
  return runCli(process.argv.slice(2), {
    env: process.env,
    workingDir: process.cwd(),
    out: (line) => console.log(line),
    err: (line) => console.error(line),
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
