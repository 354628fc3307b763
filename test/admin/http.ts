/** An answer of one of a server's HTTP ports. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function ask(port: number, path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** JSON with numbers of more than 53 bits as texts. */
export function parseBig(text: string): unknown {
  return JSON.parse(text.replace(/(?<=[[:,\s])(-?\d{16,})(?=\s*[,\]}\n])/g, '"$1"'));
}

/** The fields of an admin command's answer. */
export async function command(port: number, name: string): Promise<Record<string, unknown>> {
  return parseBig((await ask(port, `/commands/${name}`)).text) as Record<string, unknown>;
}
