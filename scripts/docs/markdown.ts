import { resolveConfig, format } from 'prettier';

/** A cell: bars would end it. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return lines.join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** As `npm run format` would leave it. */
export async function pretty(markdown: string, path: string): Promise<string> {
  return format(markdown, { ...(await resolveConfig(path)), parser: 'markdown' });
}
