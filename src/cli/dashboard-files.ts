import { readdir, readFile } from 'node:fs/promises';
import type { DashboardFile } from '../admin/index.js';

/** Beside the bundle that runs; for who runs the source, or what the compiler made of it, where the build left it. */
const FOLDERS = ['./dashboard/', '../bundle/dashboard/', '../../dist/bundle/dashboard/'];

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html;charset=utf-8',
  js: 'text/javascript;charset=utf-8',
  css: 'text/css;charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files of the dashboard; none when it was not built. */
export async function dashboardFiles(): Promise<Map<string, DashboardFile>> {
  const files = new Map<string, DashboardFile>();
  for (const folder of FOLDERS.map((name) => new URL(name, import.meta.url))) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const contentType = CONTENT_TYPES[name.split('.').at(-1) ?? ''];
      if (contentType !== undefined)
        files.set(name, { contentType, body: await readFile(new URL(name, folder), 'utf8') });
    }
    if (files.has('index.html')) break;
  }
  return files;
}
