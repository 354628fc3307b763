import type { BuildInput } from './build.js';
import type { KeyValues } from './keys/index.js';
import { placeOf } from './rules.js';
import type { AuditSettings, BackupSettings, PauseSettings, StorageSettings } from './server-config.js';

const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;
/** Beside what a new log file takes at once: room for the ends of what is under way. */
const SPARE_BYTES = 16 * MEBIBYTE;

export function spaceSettings(values: KeyValues): Pick<StorageSettings, 'spaceWarnBytes' | 'spaceStopBytes'> {
  const stopMb = values.diskSpaceStopInMb;
  return {
    spaceWarnBytes: values.diskSpaceWarnInMb * MEBIBYTE,
    spaceStopBytes: stopMb === null ? values.preAllocSize * 1024 + SPARE_BYTES : stopMb * MEBIBYTE,
  };
}

/** What a server does beside serving: backups, a watch for pauses, an audit log. */
export function upkeepSettings(input: BuildInput): {
  readonly backup: BackupSettings;
  readonly pauses: PauseSettings;
  readonly audit: AuditSettings;
} {
  const { values } = input;
  const dir = values['backup.dir'];
  return {
    backup: {
      dir: dir === null ? null : input.absolute(dir),
      intervalMs: values['backup.intervalInMinutes'] * MINUTE_MS,
      retainCount: values['backup.retainCount'],
    },
    pauses: {
      isOn: values['jvm.pause.monitor'],
      sleepMs: values['jvm.pause.sleep.time.ms'],
      infoThresholdMs: values['jvm.pause.info-threshold.ms'],
      warnThresholdMs: values['jvm.pause.warn-threshold.ms'],
    },
    audit: auditSettings(input),
  };
}

const SLF4J_LOGGER = 'org.apache.zookeeper.audit.Slf4jAuditLogger';

/**
 * The file is the one that the appender for audit lines in ZooKeeper's logback.xml writes: `auditlog.file` in `log.dir`. There
 * the appender is a comment to begin with, and the lines go to the log; so they do here until one of the two keys is set.
 */
function auditSettings(input: BuildInput): AuditSettings {
  const { values, faults } = input;
  const className = values['audit.impl.class'];
  const isOn = values['audit.enable'];
  if (isOn && className !== null && className !== '' && className !== SLF4J_LOGGER) {
    faults.warning(
      'NO_EFFECT',
      placeOf(input, 'audit.impl.class'),
      'a Java class cannot be run here; audit lines are written as those of ZooKeeper’s own class.',
      `Write ${SLF4J_LOGGER}, or take the line out.`,
    );
  }
  const name = values['auditlog.file'];
  const folder = values['log.dir'];
  const file = name === null && folder === null ? null : (name ?? 'zookeeper_audit.log');
  return {
    isOn,
    file: file === null ? null : input.absolute(file.startsWith('/') || folder === null ? file : `${folder}/${file}`),
    format: values['audit.format'],
  };
}
