// The dashboard in a browser: every view, dark and light, on a desk and on a phone, and an election that is watched.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { Ensemble, type Member } from '../support/ensemble.js';
import type { WireClient } from '../support/wire-client.js';
import { DESKTOP, launch, PHONE, Visit } from './browser.js';
import { fill, lastingClient } from './nodes.js';

const LIMIT_MS = 240_000;
const CHILDREN = 100_000;
const PASSWORD = 'a-secret-of-the-boss';
const VIEWS = ['Ensemble', 'Elections', 'Tree', 'Sessions', 'Watches', 'Slow requests'] as const;

describe('the dashboard', { timeout: LIMIT_MS }, () => {
  let ensemble: Ensemble;
  let browser: Browser;
  let client: WireClient;

  before(async () => {
    // Long ticks: a busy machine must not cost the leader its followers.
    ensemble = await Ensemble.create({ http: true, config: { tickTime: 2000 } });
    [browser] = await Promise.all([launch(), ensemble.start()]);
    client = await lastingClient((await ensemble.leader()).clientPort);
    await client.create('/app', Buffer.from('{"name":"shop","replicas":3}'));
    await client.create('/app/lock', null, 1);
    await client.create('/big', Buffer.alloc(200_000, 'zk-server '));
    await client.addAuth('digest', `boss:${PASSWORD}`);
    await client.create('/secret', Buffer.from('for the boss'), 0, [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
    await client.getData('/app', true);
    await client.getChildren('/app', true);
    await fill(client, '/many', CHILDREN);
  });

  after(async () => {
    client.destroy();
    await browser.close();
    await ensemble.remove();
  });

  async function visit(
    t: TestContext,
    member: Member,
    options: Parameters<typeof Visit.begin>[2] = {},
    place = '',
  ): Promise<Visit> {
    const begun = await Visit.begin(browser, `http://127.0.0.1:${member.adminPort}/dashboard/${place}`, options);
    t.after(() => begun.end());
    await begun.page.getByRole('heading', { level: 1 }).waitFor();
    return begun;
  }

  /** What a view shows when it has something to show. */
  async function filled({ page }: Visit, view: (typeof VIEWS)[number]): Promise<void> {
    const shown = {
      Ensemble: page.getByTestId('summary').filter({ hasText: /Server \d leads/ }),
      Elections: page.getByTestId('election-summary'),
      Tree: page.getByRole('link', { name: 'app' }),
      Sessions: page.getByRole('table').getByText('127.0.0.1').first(),
      Watches: page.getByText('data or existence').first(),
      'Slow requests': page.getByRole('heading', { level: 1, name: 'Slow requests' }),
    };
    await shown[view].waitFor();
  }

  for (const [device, viewport] of [
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ] as const) {
    for (const theme of ['light', 'dark'] as const) {
      it(`has no serious fault in any view, ${device}, ${theme}`, async (t) => {
        const seen = await visit(t, await ensemble.leader(), { viewport });
        await seen.chooseTheme(theme);
        for (const view of VIEWS) {
          await seen.open(view);
          await filled(seen, view);
          await seen.mustBeAccessible(`${view}, ${device}, ${theme}`);
          await seen.mustFit(`${view}, ${device}, ${theme}`);
          await seen.picture(`${view.toLowerCase().replace(' ', '-')}-${device}-${theme}`);
        }
        seen.mustBeQuiet();
      });
    }
  }

  it('follows the colours of the system until one is chosen, which it remembers', async (t) => {
    const seen = await visit(t, ensemble.member(1), { colorScheme: 'dark' });
    const theme = (): Promise<string> => seen.page.evaluate<string>('document.documentElement.dataset.theme');
    assert.equal(await theme(), 'dark');
    await seen.page.emulateMedia({ colorScheme: 'light' });
    // Not by waitForFunction: what it asks again is evaluated in the page, which the page's own policy forbids.
    await seen.page.locator('html[data-theme=light]').waitFor({ state: 'attached' });
    await seen.chooseTheme('dark');
    await seen.page.reload();
    assert.equal(await theme(), 'dark');
    seen.mustBeQuiet();
  });

  it('draws charts of what it hears', async (t) => {
    const seen = await visit(t, ensemble.member(1));
    await seen.page.getByRole('img', { name: /Packets received per second: server 1 \d/ }).waitFor();
    assert.equal(await seen.page.locator('.chart canvas').count(), 4);
    seen.mustBeQuiet();
  });

  it('leafs through a node with very many children', async (t) => {
    const seen = await visit(t, await ensemble.leader(), {}, '#/tree/many');
    const { page } = seen;
    const list = page.getByTestId('children');
    await page.getByRole('heading', { name: 'Children (100,000)' }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), 100);
    await page.getByRole('button', { name: 'Next' }).click();
    await list.getByRole('link', { name: 'node-0000100', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Previous' }).click();
    await list.getByRole('link', { name: 'node-0000000', exact: true }).waitFor();
    await page.getByLabel('Part of a name').fill('99999');
    await list.getByRole('link', { name: 'node-0099999', exact: true }).waitFor();
    assert.equal(await list.getByRole('listitem').count(), 1);
    await list.getByRole('link').click();
    await page.getByText('It has no data (null).').waitFor();
    seen.mustBeQuiet();
  });

  it('shows data as text, hex and JSON', async (t) => {
    const seen = await visit(t, ensemble.member(2), {}, '#/tree/app');
    const { page } = seen;
    const data = page.getByTestId('data');
    await data.getByText('{"name":"shop","replicas":3}').waitFor();
    await page.getByLabel('hex').check();
    await data.getByText('00000000  7b 22 6e 61 6d 65').waitFor();
    await page.getByLabel('JSON').check();
    await data.getByText('"replicas": 3').waitFor();
    await seen.picture('tree-node');
    await page.goto(`${page.url().split('#')[0] ?? ''}#/tree/big`);
    await page.getByText('64.0 KiB of 195 KiB are shown.').waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
    assert.equal((await data.textContent())?.length, 200_000);
    seen.mustBeQuiet();
  });

  it('shows guarded nodes after signing in, and keeps the password out of addresses and stores', async (t) => {
    const seen = await visit(t, ensemble.member(2), {}, '#/tree/secret');
    const { page } = seen;
    await page.getByText('Not everybody may read /secret').waitFor();
    const signIn = async (password: string): Promise<void> => {
      await page.getByText('Sign in for more').click();
      await page.getByLabel('User').fill('boss');
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await signIn('wrong');
    await page.getByText('may not read /secret').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(PASSWORD);
    await page.getByText('for the boss').waitFor();
    await seen.mustBeAccessible('signed in');
    assert.deepEqual(
      seen.urls.filter((url) => url.includes(PASSWORD) || url.includes('boss')),
      [],
    );
    const stores = 'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])';
    assert.doesNotMatch(await page.evaluate<string>(stores), new RegExp(PASSWORD));
    await page.reload();
    await page.getByText('Not everybody may read /secret').waitFor();
    seen.mustBeQuiet(/the server responded with a status of 40[13]/);
  });

  it('can be used with the keyboard alone', async (t) => {
    const seen = await visit(t, ensemble.member(1));
    const { page } = seen;
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
    await page.getByRole('link', { name: 'Elections' }).focus();
    await page.keyboard.press('Enter');
    const step = page.getByTestId('step');
    await step.waitFor();
    await page.getByRole('slider').focus();
    await page.keyboard.press('Home');
    await page.getByText(/^Step 1 of/).waitFor();
    const first = await step.textContent();
    await page.keyboard.press('ArrowRight');
    await page.getByText(/^Step 2 of/).waitFor();
    assert.notEqual(await step.textContent(), first);
    seen.mustBeQuiet();
  });

  it('shows how a new leader is found when the old one is killed', async (t) => {
    const leader = await ensemble.leader();
    const [asked] = await ensemble.followers();
    assert.ok(asked);
    const seen = await visit(t, asked, {}, '#/elections');
    const { page } = seen;
    const summary = page.getByTestId('election-summary');
    await summary.filter({ hasText: `server ${leader.sid} leads` }).waitFor();
    await leader.kill();
    const others = ensemble.members.filter((member) => member !== leader).map(({ sid }) => sid);
    // Both were at the same zxid when it was killed, so the larger id wins.
    const winner = Math.max(...others);
    await summary.filter({ hasText: `server ${winner} leads` }).waitFor({ timeout: 60_000 });
    await page.getByText(`Server ${leader.sid} tells nothing of its elections`).waitFor();
    await summary.filter({ hasText: /Clients are served after \d+ ms/ }).waitFor({ timeout: 60_000 });
    const told = (await summary.textContent()) ?? '';
    assert.match(told, new RegExp(`^Servers ${others.join(', ')} looked for a leader: server ${winner} leads\\.`));
    assert.match(told, new RegExp(`epochs and zxids are equal, server id ${winner} > \\d`));
    const steps = await page.locator('.steps li').allTextContents();
    assert.ok(
      steps.some((text) => text.includes('changes its mind: leader')),
      steps.join('\n'),
    );
    const quorum = new RegExp(`counts a quorum for leader ${winner}: {${others.join(', ')}}`);
    assert.ok(
      steps.some((text) => quorum.test(text)),
      steps.join('\n'),
    );
    const phases = page.getByRole('table', { name: 'Phases of each server' }).getByRole('row');
    for (const phase of ['voting', 'discovery', 'synchronization']) {
      const rows = await phases.filter({ hasText: phase }).allTextContents();
      assert.deepEqual([...new Set(rows.map((text) => Number(text[0])))], others, phase);
      for (const row of rows) assert.match(row, /[\d.]+ m?s/);
    }
    await seen.picture('killed-elections');
    await seen.mustBeAccessible('after the election');
    await page.getByText('Votes as arrows').first().click();
    await seen.picture('killed-elections-arrows');
    await page.getByRole('button', { name: 'Play' }).click();
    await page.getByText(/^Step [23] of/).waitFor();
    await seen.open('Ensemble');
    await page
      .getByTestId('summary')
      .filter({ hasText: `Server ${winner} leads` })
      .waitFor();
    await page.getByText(/tells nothing \(.*ECONNREFUSED/).waitFor();
    await seen.picture('killed-ensemble');
    seen.mustBeQuiet();
  });
});
