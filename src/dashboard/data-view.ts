export const DISPLAYS = ['text', 'hex', 'JSON'] as const;
export type Display = (typeof DISPLAYS)[number];

const BYTES_A_LINE = 16;

export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The bytes of a node for people. `isWhole`: nothing of them is missing. */
export function displayed(data: Uint8Array, display: Display, isWhole: boolean): string {
  switch (display) {
    case 'text':
      return new TextDecoder().decode(data, { stream: !isWhole });
    case 'hex':
      return hexDump(data);
    case 'JSON':
      return isWhole ? prettyJson(data) : 'Only the beginning of the data is here: show more, or look at it as text.';
  }
}

/** `00000010  68 65 6c 6c 6f …  |hello|` */
function hexDump(data: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += BYTES_A_LINE) {
    const bytes = Array.from(data.subarray(at, at + BYTES_A_LINE));
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(BYTES_A_LINE * 3 - 1)}  |${text}|`);
  }
  return lines.join('\n');
}

function prettyJson(data: Uint8Array): string {
  try {
    return JSON.stringify(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data)), null, 2);
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
