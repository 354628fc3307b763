/** The text format of Prometheus, read as strictly as the tests need. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scrape {
  readonly samples: readonly Sample[];
  /** Of each family. */
  readonly types: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)",?/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']): [string, string] => [name, value]));
}

function parseValue(text: string): number {
  if (text === 'NaN') return Number.NaN;
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
  if (Number.isNaN(value)) throw new Error(`no value: ${text}`);
  return value;
}

/** Throws on a line that is neither a sample nor a comment. */
export function parseScrape(text: string): Scrape {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, family, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (family !== undefined && type !== undefined) {
      if (types.has(family)) throw new Error(`${family} comes twice`);
      types.set(family, type);
    }
    if (line === '' || line.startsWith('#')) continue;
    const [, name, labels, value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
    samples.push({ name, labels: parseLabels(labels ?? ''), value: parseValue(value) });
  }
  return { samples, types };
}

/** The one sample of that name (and those labels). */
export function valueOf({ samples }: Scrape, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = samples.filter(
    (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  );
  if (found.length !== 1) throw new Error(`${found.length} samples of ${name}`);
  return (found[0] as Sample).value;
}
