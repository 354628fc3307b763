import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

/** A command of a scenario file and what it is expected to print. */
interface Block {
  /** Comments and blank lines before the command, kept when the file is rewritten. */
  readonly preface: string;
  readonly command: string;
  readonly expected: string;
}

/**
 * A scenario file is a row of blocks: a command, a line `----`, the lines it prints, a blank line. Lines that begin with `#`
 * before a command are comments.
 */
function parseBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let at = 0;
  while (at < lines.length) {
    const preface: string[] = [];
    while (at < lines.length && (lines[at] === '' || lines[at]?.startsWith('#') === true))
      preface.push(lines[at++] ?? '');
    const command = lines[at++];
    if (command === undefined) break;
    assert.equal(lines[at], '----', `line ${at + 1}: "${command}" must be followed by ----`);
    at++;
    const expected: string[] = [];
    while (at < lines.length && lines[at] !== '') expected.push(lines[at++] ?? '');
    blocks.push({ preface: preface.join('\n'), command, expected: expected.join('\n') });
  }
  return blocks;
}

/**
 * Runs each command of the file and compares what it prints. With `SCENARIO_REWRITE=1` in the environment the file is
 * rewritten with what was printed: review the difference as you would review code.
 */
export async function runDataDriven(file: string, run: (command: string) => Promise<readonly string[]>): Promise<void> {
  const blocks = parseBlocks(readFileSync(file, 'utf8'));
  assert.ok(blocks.length > 0, `${file} has no commands`);
  const rewrite = process.env['SCENARIO_REWRITE'] === '1';
  let rewritten = '';
  for (const block of blocks) {
    const printed = (await run(block.command)).join('\n');
    if (!rewrite) assert.equal(printed, block.expected, `${file}: ${block.command}`);
    rewritten += `${rewritten === '' ? '' : '\n'}${block.preface.replace(/^\n+/, '')}${block.preface.trim() === '' ? '' : '\n'}`;
    rewritten += `${block.command}\n----\n${printed === '' ? '' : `${printed}\n`}`;
  }
  if (rewrite) writeFileSync(file, rewritten);
}
