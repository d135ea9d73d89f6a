// Opens a report in a real browser: what the page promises, a parser of HTML cannot tell.
//
// MNLOAD_REPORT_HTML      the page
// MNLOAD_CHROMIUM         the browser, /usr/bin/chromium unless told
// MNLOAD_REQUIRE_BROWSER  1: without a browser or a page this fails instead of being skipped

import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const browserPath = process.env.MNLOAD_CHROMIUM ?? '/usr/bin/chromium';
const pagePath = process.env.MNLOAD_REPORT_HTML && resolve(process.env.MNLOAD_REPORT_HTML);
const launchArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

function missing() {
  if (!pagePath) return 'MNLOAD_REPORT_HTML names no page';
  if (!existsSync(pagePath)) return `there is no page at ${pagePath}`;
  if (!existsSync(browserPath)) return `there is no browser at ${browserPath}`;
  return undefined;
}

const why = missing();
if (why && process.env.MNLOAD_REQUIRE_BROWSER === '1') throw new Error(why);
const options = { skip: why ?? false };

let browser;
let AxeBuilder;

before(async () => {
  if (why) return;
  const { chromium } = await import('playwright-core');
  ({ default: AxeBuilder } = await import('@axe-core/playwright'));
  browser = await chromium.launch({ executablePath: browserPath, args: launchArgs });
});

after(() => browser?.close());

/** Opens the page without a network and hands it to `look`, with what it asked for and complained of. */
async function withPage(settings, look) {
  const context = await browser.newContext({ offline: true, ...settings });
  try {
    const page = await context.newPage();
    const seen = { requests: [], complaints: [] };
    page.on('request', (request) => seen.requests.push(request.url()));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
    });
    page.on('pageerror', (error) => seen.complaints.push(String(error)));
    await page.goto(pathToFileURL(pagePath).href);
    await look(page, seen);
  } finally {
    await context.close();
  }
}

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** How far the page can be scrolled sideways. */
const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

test('the page is small', options, () => {
  assert.ok(statSync(pagePath).size < 1_000_000);
});

test('the page asks for nothing but itself and has nothing to complain of', options, async () => {
  await withPage({}, async (page, seen) => {
    await page.waitForLoadState('networkidle');
    const requests = seen.requests.filter((url) => !url.startsWith('data:'));
    assert.deepEqual(requests, [pathToFileURL(pagePath).href]);
    assert.deepEqual(seen.complaints, []);
  });
});

test('without scripts the verdict, its exit code and the charts are there', options, async () => {
  await withPage({ javaScriptEnabled: false }, async (page) => {
    assert.match(await page.locator('h1').innerText(), /PASS|FAIL|INCONCLUSIVE/);
    assert.match(await page.locator('#verdict').innerText(), /exit code \d+/);
    const calls = await page.getByRole('region', { name: 'Table of calls' }).count();
    assert.equal(await page.locator('figure').count(), calls ? 0 : 3);
  });
});

test('one drawing of each chart is shown, a wide or a narrow one', options, async () => {
  for (const [width, shown] of [[1200, 'wide'], [360, 'narrow']]) {
    await withPage({ viewport: { width, height: 800 } }, async (page) => {
      const drawings = page.locator('.chart svg:visible');
      const classes = await drawings.evaluateAll((all) => all.map((svg) => svg.getAttribute('class')));
      assert.equal(classes.length, await page.locator('.chart').count());
      assert.ok(classes.every((name) => name === shown), `${width} px: ${classes}`);
    });
  }
});

test('dark is dark', options, async () => {
  const colours = {};
  for (const colorScheme of ['light', 'dark']) {
    await withPage({ colorScheme }, async (page) => {
      colours[colorScheme] = await background(page);
    });
  }
  assert.notEqual(colours.light, colours.dark);
});

test('nothing hangs over the edge of a phone, a tablet or a screen', options, async () => {
  for (const width of [360, 600, 900, 1400]) {
    await withPage({ viewport: { width, height: 740 } }, async (page) => {
      await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
      assert.ok((await overhang(page)) <= 0, `${width} px: ${await overhang(page)} px too wide`);
    });
  }
});

test('every link within the page leads somewhere', options, async () => {
  await withPage({}, async (page) => {
    const lost = await page.evaluate(() =>
      [...document.querySelectorAll('a[href^="#"]')].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id)),
    );
    assert.deepEqual(lost, []);
  });
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1200]) {
    test(`accessible at ${width} px, ${colorScheme}`, options, async () => {
      await withPage({ colorScheme, viewport: { width, height: 800 } }, async (page) => {
        await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.target).join(', ')}`);
        assert.deepEqual(found, []);
      });
    });
  }
}
