// docs/configuration.md, made from the tables that the server itself reads its configuration by.
import { fileURLToPath } from 'node:url';
import {
  type AnyKeyDefinition,
  KEY_FAMILIES,
  KEY_GROUPS,
  type KeyFamily,
  namesOf,
} from '../../src/config/keys/index.js';
import { VARIABLES, type VariableUse } from '../../src/config/variable-table.js';
import { code, pretty, table } from './markdown.js';

export const CONFIGURATION_FILE = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));

const HERE: Readonly<Record<NonNullable<AnyKeyDefinition['support']>, string>> = {
  full: 'yes',
  moot: 'no effect',
  missing: 'not there',
  guard: 'refused',
};

const FAMILY_HERE: Readonly<Record<KeyFamily['kind'], string>> = {
  membership: 'yes',
  access: 'yes',
  missing: 'not there',
};

const VARIABLE_HERE: Readonly<Record<VariableUse, string>> = {
  heard: 'yes',
  image: 'without zoo.cfg',
  moot: 'no effect',
};

function defaultOf({ defaultText, default: value, type }: AnyKeyDefinition): string {
  if (defaultText !== undefined) return defaultText;
  const text = type.show(value);
  return text === '' ? 'none' : code(text);
}

/** Where ZooKeeper takes the value from. */
function inZooKeeper(key: string, definition: AnyKeyDefinition): string {
  const names = namesOf(key, definition);
  const properties = names.filter(({ kind }) => kind === 'property').map(({ name }) => code(`-D${name}`));
  const otherLines = names.filter(({ kind, name }) => kind === 'file' && name !== key).map(({ name }) => code(name));
  const also = otherLines.length === 0 ? '' : `; also called ${otherLines.join(', ')}`;
  switch (definition.source) {
    case 'own':
      return 'unknown';
    case 'file':
      return `zoo.cfg${properties.length === 0 ? ' only' : ` or ${properties.join(', ')}`}${also}`;
    case 'property':
      return `zoo.cfg or ${properties.join(', ')}${also}`;
    case 'bare property':
      return `${properties.join(', ')} only${also}`;
  }
}

function keyRow([key, definition]: readonly [string, AnyKeyDefinition]): readonly string[] {
  const { unit = '', effect, support = 'full', since } = definition;
  const release = since === undefined ? '' : `; since ${since}`;
  return [code(key), defaultOf(definition), unit, effect, `${inZooKeeper(key, definition)}${release}`, HERE[support]];
}

const INTRODUCTION = `# Configuration

<!-- Written by npm run docs from the tables in src/config; change those. -->

Every key of Apache ZooKeeper 3.9.5, of its administrator's guide and of its source, is in one table of this server, from
which the configuration is read and checked and this page is written. \`zk-server print-config --all\` prints the values that a
server would run with and where each comes from; \`zk-server check\` tells what is wrong with a configuration, with line and
mend.

## Where values come from

1. zoo.cfg, in the syntax of Java's properties files. A line \`key=value\` sets ZooKeeper's system property
   \`zookeeper.key\`, and so wins over \`-Dzookeeper.key=\`.
2. Words \`-Dname=value\` in \`_JAVA_OPTIONS\`, \`JVMFLAGS\`, \`SERVER_JVMFLAGS\`, \`JDK_JAVA_OPTIONS\` and \`JAVA_TOOL_OPTIONS\`; an
   earlier variable of this list wins over a later one. A property without the prefix \`zookeeper.\` wins over a line of
   zoo.cfg, which ZooKeeper does not read it from.
3. The default.

Beside zoo.cfg, \`environment\` (Debian), \`zookeeper-env.sh\` and \`java.env\` are read in this order, as the scripts of
ZooKeeper do: they change the variables of the environment. They are shell files, but no shell runs them. Assignments,
\`export\` and \`unset\`, quotes, continued lines, \`$NAME\`, \`\${NAME:-default}\` and \`\${NAME:+text}\` are understood; anything
else is left out as a whole and named with its line.

The column "Here" says what a key does in this server:

- **yes**: what it does in ZooKeeper;
- **no effect**: nothing, because it tunes a part of the Java server that has no counterpart; a value other than the default
  is named in one line at start;
- **not there**: it belongs to a feature that this server does not have; a value other than the default is warned of;
- **refused**: it asks for a protection that this server cannot give, so any value but the default keeps it from starting.

A key that no ZooKeeper release knows starts with a warning that names the nearest known one, and is handed to pluggable
providers as the system property \`zookeeper.<key>\`. \`zk-server check\`, and \`start\` with \`strictConfig=true\`, refuse it.`;

const LOGGING = `## Level and format of the log

The server logs to its standard output. Its least level is, in this order: \`--log-level\`; the level of the root in the file
that \`-Dlogback.configurationFile=\` or \`-Dlog4j.configuration=\` names, in \`logback.xml\` or in \`log4j.properties\` beside
zoo.cfg, raised to the thresholds of the appenders of the root; the first word of \`-Dzookeeper.root.logger=\` or
\`ZOO_LOG4J_PROP\`; \`info\`. It writes JSON, a line an object, unless it is at a terminal; \`--log-format\` decides otherwise, and
a JSON encoder in \`logback.xml\` asks for JSON, too. Log files, patterns and levels of other loggers have no effect, which
is said in one line. [logging.md](logging.md) lists what is logged.`;

const VARIABLE_NOTES = `## Environment variables

Those of the official container image count only where its entry point would use them: when there is no zoo.cfg and
\`ZOO_DATA_DIR\` is set, the configuration is made from them in memory, with the image's defaults; nothing is written.
Otherwise they are named in one line.`;

/** The whole page. */
export function configurationPage(): Promise<string> {
  const groups = KEY_GROUPS.map(
    ({ title, keys }) =>
      `## ${title}\n\n${table(['Key', 'Default', 'Unit', 'Effect', 'In ZooKeeper', 'Here'], [...keys].map(keyRow))}`,
  );
  const families = KEY_FAMILIES.map(({ form, effect, property, kind }) => [
    form
      .split(', ')
      .map((name) => code(name))
      .join(', '),
    effect,
    property ? `zoo.cfg or ${code(`-Dzookeeper.${form}`)}` : 'zoo.cfg only',
    FAMILY_HERE[kind],
  ]);
  const variables = [...VARIABLES].map(([name, { use, effect }]) => [code(name), effect, VARIABLE_HERE[use]]);
  const parts = [
    INTRODUCTION,
    ...groups,
    `## Keys of which there are many\n\n${table(['Keys', 'Effect', 'In ZooKeeper', 'Here'], families)}`,
    `${VARIABLE_NOTES}\n\n${table(['Variable', 'Effect', 'Here'], variables)}`,
    LOGGING,
  ];
  return pretty(`${parts.join('\n\n')}\n`, CONFIGURATION_FILE);
}
