import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
/** Where pictures of the views go when somebody wants to look at them. */
const PICTURES = process.env['ZK_TEST_PICTURES'] ?? '';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}

interface Fault {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** A page of the dashboard whose complaints are kept. */
export class Visit {
  /** Violations of the content security policy, errors of scripts, and what the console says is an error. */
  readonly complaints: string[] = [];
  /** All that was asked for. */
  readonly urls: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async begin(
    browser: Browser,
    url: string,
    options: { viewport?: typeof DESKTOP; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Visit> {
    const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light', ...options });
    const page = await context.newPage();
    const visit = new Visit(context, page);
    visit.listen();
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', (e) => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))",
    );
    await page.goto(url);
    return visit;
  }

  private listen(): void {
    this.page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    this.page.on('request', (request) => this.urls.push(request.url()));
  }

  /** By the navigation, as a person does. */
  async open(view: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
    await this.page.getByRole('heading', { level: 1, name: view }).waitFor();
  }

  async chooseTheme(theme: 'auto' | 'light' | 'dark'): Promise<void> {
    await this.page.getByLabel('Theme').selectOption(theme);
  }

  /** Fails when axe-core finds a serious or critical fault. */
  async mustBeAccessible(what: string): Promise<void> {
    await this.page.evaluate(axe.source);
    const faults = await this.page.evaluate<Fault[]>('axe.run().then(({ violations }) => violations)');
    const serious = faults.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = serious.map(
      ({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.html} ${n.failureSummary}`).join('\n')}`,
    );
    assert.deepEqual(told, [], what);
  }

  /** Nothing reaches over the edge. */
  async mustFit(what: string): Promise<void> {
    const [wide, room] = await this.page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    assert.ok(wide <= room, `${what}: ${wide} px wide, there are ${room}`);
  }

  /** Only when somebody wants to look at them. */
  async picture(name: string): Promise<void> {
    if (PICTURES === '') return;
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  /** Fails when there were complaints; `expected`: those that are in order. */
  mustBeQuiet(expected = /^$/): void {
    assert.deepEqual(
      this.complaints.filter((text) => !expected.test(text)),
      [],
    );
  }

  end(): Promise<void> {
    return this.context.close();
  }
}
