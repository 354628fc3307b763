import { type LogAppender, type LogFile, type LookupProperty, substitute } from './log-file.js';
import { javaTrim, parseProperties } from './properties.js';

const ROOTS = ['log4j.rootLogger', 'log4j.rootCategory'] as const;
const LOGGER = /^log4j\.(?:logger|category)\.(.+)$/;

/** Reads log4j.properties (log4j 1, which ZooKeeper had up to 3.7). System properties win over the file's own. */
export function readLog4j(bytes: Buffer, properties: LookupProperty): LogFile {
  const { entries } = parseProperties(bytes);
  const own = new Map(entries.map(({ key, value }) => [javaTrim(key), value]));
  const lookup: LookupProperty = (name) => properties(name) ?? own.get(name);
  const get = (key: string): string => javaTrim(substitute(own.get(key) ?? '', lookup));

  const root = ROOTS.find((name) => own.has(name));
  const [level = '', ...names] = root === undefined ? [] : get(root).split(',').map(javaTrim);
  const appenders = names
    .filter((name) => name !== '')
    .map((name): LogAppender => {
      const prefix = `log4j.appender.${name}`;
      const threshold = get(`${prefix}.Threshold`) || get(`${prefix}.threshold`);
      return {
        name,
        className: get(prefix),
        threshold: threshold === '' ? null : threshold,
        layout: get(`${prefix}.layout`),
      };
    });
  return {
    rootLevel: level === '' ? null : level,
    line: entries.find(({ key }) => javaTrim(key) === root)?.line ?? 0,
    appenders,
    otherLoggers: [...own.keys()].flatMap((key) => LOGGER.exec(key)?.[1] ?? []),
  };
}
