// Every link of the documents leads somewhere: to a file, and to a heading of it when it names one.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = new URL('../../', import.meta.url).pathname;
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  const text = heading.replace(/`/g, '').toLowerCase();
  return text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
}

function anchors(file: string): Set<string> {
  const text = readFileSync(file, 'utf8').replace(/```.*?```/gs, '');
  return new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading.trim())));
}

function links(text: string): string[] {
  return [...text.replace(/```.*?```/gs, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

describe('links of the documents', () => {
  for (const document of DOCUMENTS) {
    it(document, () => {
      const file = join(ROOT, document);
      const broken = links(readFileSync(file, 'utf8')).filter((target) => {
        if (/^[a-z]+:/.test(target)) return false;
        const [path = '', anchor] = target.split('#');
        const to = path === '' ? file : join(dirname(file), path);
        if (!existsSync(to)) return true;
        return anchor !== undefined && !anchors(to).has(anchor);
      });
      assert.deepEqual(broken, []);
    });
  }

  it('every document is named by docs/README.md or by the first page', () => {
    const named = new Set(
      ['README.md', 'docs/README.md'].flatMap((from) =>
        links(readFileSync(join(ROOT, from), 'utf8')).map((target) =>
          relative(ROOT, join(ROOT, dirname(from), target.split('#')[0] ?? '')),
        ),
      ),
    );
    const missing = DOCUMENTS.filter((document) => document.startsWith('docs/') && document !== 'docs/README.md');
    assert.deepEqual(
      missing.filter((document) => !named.has(document)),
      [],
    );
  });
});
