/** What the process ends with; the numbers are Apache ZooKeeper's. */
export const ExitCode = {
  ok: 0,
  /** Anything unforeseen, the client port taken, this server not in the list, an unhealthy or absent server. */
  unexpected: 1,
  /** A bad command line or configuration. */
  usage: 2,
  /** The data folder cannot be used. */
  dataDir: 3,
  /** `check --from`: the installation can be taken over, but something will differ. */
  differs: 4,
  /** The election port cannot be opened. */
  electionPort: 14,
} as const;

export const EXIT_CODE_HELP =
  'Exit codes: 0 fine; 1 unexpected (client port taken, server not in the list, not serving); 2 bad usage or ' +
  'configuration; 3 data folder; 4 something differs (check --from); 14 election port.';
