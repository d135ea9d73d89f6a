// Opens a report in a real browser: what the page promises, a parser of HTML cannot tell.
//
// MNLOAD_REPORT_HTML      the page
// MNLOAD_CHROMIUM         the browser, /usr/bin/chromium unless told
// MNLOAD_REQUIRE_BROWSER  1: without a browser or a page this fails instead of being skipped

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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

/** Whether the page is of a release, which has gates and items in place of figures. */
const isRelease = !why && readFileSync(pagePath, 'utf8').includes('id="ownership"');
/** Whether it is of an exploration, which has rates. */
const isExploration = !why && readFileSync(pagePath, 'utf8').includes('<section id="rates"');
const kind = isRelease ? 'a release' : isExploration ? 'an exploration' : 'a run';
const of = (...kinds) => ({ skip: why ?? (kinds.includes(kind) ? false : `the page is of ${kind}`) });
const ofRuns = of('a run');
const ofReleases = of('a release');
const ofExplorations = of('an exploration');
const withCharts = of('a run', 'an exploration');

/** What links may point to in any page. */
const sections = isRelease
  ? ['verdict', 'gates', 'items', 'ownership', 'environment', 'command', 'definitions']
  : isExploration
  ? ['verdict', 'capacity', 'charts', 'rates', 'gates', 'asked', 'generator', 'environment', 'scenario', 'command', 'definitions']
  : ['verdict', 'gates', 'validity', 'comparison', 'steps', 'errors', 'environment', 'scenario', 'command', 'definitions'];

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

test('without scripts the verdict, its exit code and the charts are there', ofRuns, async () => {
  await withPage({ javaScriptEnabled: false }, async (page) => {
    assert.match(await page.locator('h1').innerText(), /PASS|FAIL|INCONCLUSIVE/);
    assert.match(await page.locator('#verdict').innerText(), /exit code \d+/);
    const calls = await page.getByRole('region', { name: 'Table of calls' }).count();
    const drawn = await page.locator('figure .chart svg').count();
    assert.ok(calls ? drawn === 0 : drawn === 0 || drawn >= 8, `${drawn} drawings`);
    for (const id of calls ? sections : [...sections, 'charts', 'phases', 'connections']) {
      assert.ok(await page.locator(`#${id} :is(h1, h2)`).first().isVisible(), id);
    }
    // What only a script can do is not offered without one.
    assert.equal(await page.locator('button').count(), 0);
  });
});

test('the result can be read out of the page', ofRuns, async () => {
  await withPage({}, async (page) => {
    const result = JSON.parse(await page.locator('#mnload-data').textContent());
    if (Object.keys(result).length === 0) return;
    assert.equal(result.schema, 'mnload.result');
    assert.match(await page.locator('#verdict').innerText(), new RegExp(`exit code ${result.exit_code}\\b`));
  });
});

test('the policy stops what was not in the page when it was made', options, async () => {
  await withPage({}, async (page, seen) => {
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.intruded = true';
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => window.intruded), undefined);
    assert.ok(seen.complaints.some((text) => /Content Security Policy/.test(text)), 'and the browser says so');
  });
});

test('one drawing of each chart is shown, a wide or a narrow one', withCharts, async () => {
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

test('the button turns the page dark and light again', options, async () => {
  await withPage({ colorScheme: 'light' }, async (page) => {
    const light = await background(page);
    const button = page.getByRole('button', { name: 'Dark page' });
    await button.focus();
    await page.keyboard.press('Enter');
    assert.notEqual(await background(page), light);
    await page.getByRole('button', { name: 'Light page' }).click();
    assert.equal(await background(page), light);
  });
});

test('steps are sorted by mouse and by keyboard', ofRuns, async (context) => {
  await withPage({}, async (page) => {
    const names = () => page.locator('table.sortable tbody.rows th').allInnerTexts();
    const before = await names();
    if (before.length < 2) return context.skip('there are too few rows');
    const first = page.locator('table.sortable thead th').filter({ hasText: 'Step' });
    await first.getByRole('button').click();
    assert.equal(await first.getAttribute('aria-sort'), 'ascending');
    const up = await names();
    assert.deepEqual(up, await page.evaluate((all) => [...all].sort((a, b) => a.localeCompare(b)), up));
    assert.deepEqual([...up].sort(), [...before].sort(), 'no row is lost');
    await first.getByRole('button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await first.getAttribute('aria-sort'), 'descending');
    const number = page.locator('table.sortable thead th.n').filter({ hasText: /max|total/ });
    await number.getByRole('button').click();
    assert.equal(await number.getAttribute('aria-sort'), 'descending');
    assert.equal(await page.locator('table.sortable [aria-sort]').count(), 1, 'by one column at a time');
    const column = await number.evaluate((head) => head.cellIndex);
    const figures = await page.locator('table.sortable tbody.rows tr').evaluateAll((rows, at) => rows.map((row) => row.cells[at].innerText), column);
    const us = figures.filter((text) => /^[\d.]+(µs|ms|s)$/.test(text)).map((text) => parseFloat(text) * { 'µs': 1, ms: 1e3, s: 1e6 }[text.replace(/[\d.]/g, '')]);
    assert.deepEqual(us, [...us].sort((a, b) => b - a), figures.join(' '));
  });
});

test('the steps can be taken away as CSV', ofRuns, async (context) => {
  await withPage({ acceptDownloads: true }, async (page) => {
    const link = page.getByRole('link', { name: 'Take this table as CSV' });
    if (!(await link.count())) return context.skip('this page has no such link');
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.equal(download.suggestedFilename(), 'steps.csv');
    assert.match(await readFile(await download.path(), 'utf8'), /^step,requests,failed,/);
  });
});

test('whoever points at a chart is told the figures of that second', ofRuns, async (context) => {
  await withPage({ viewport: { width: 1200, height: 800 } }, async (page) => {
    const chart = page.locator('#throughput .chart');
    if (!(await chart.count())) return context.skip('this page has no such chart');
    await chart.locator('svg.wide').hover();
    assert.match(await chart.locator('.readout').innerText(), /^\d+s: /);
  });
});

test('a link to the scenario opens it', withCharts, async (context) => {
  await withPage({}, async (page) => {
    if (!(await page.locator('#scenario-text').count())) return context.skip('the scenario is not known');
    await page.goto(`${pathToFileURL(pagePath).href}#scenario-text`);
    assert.ok(await page.locator('#scenario-text pre').isVisible());
  });
});

test('it prints on several sheets, its text being text', options, async () => {
  await withPage({ colorScheme: 'dark' }, async (page) => {
    const pdf = (await page.pdf({ format: 'A4', printBackground: true })).toString('latin1');
    assert.ok((pdf.match(/\/Type\s*\/Page\b/g) ?? []).length > 1, 'more than one sheet');
    assert.match(pdf, /\/Type\s*\/Font\b/, 'with letters, not pictures of them');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await background(page), 'rgb(255, 255, 255)');
    assert.equal(await page.locator('.toggle:visible').count(), 0);
    assert.match(await page.locator('#verdict').innerText(), /exit code \d+/);
  });
});

test('nothing hangs over the edge of a phone, a tablet or a screen', options, async () => {
  for (const width of [360, 600, 900, 1400]) {
    await withPage({ viewport: { width, height: 740 } }, async (page) => {
      await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
      assert.ok((await overhang(page)) <= 0, `${width} px: ${await overhang(page)} px too wide`);
    });
  }
});

test('every section can be linked to', options, async () => {
  await withPage({}, async (page) => {
    for (const id of sections) assert.equal(await page.locator(`[id="${id}"]`).count(), 1, id);
    const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map((each) => each.id));
    assert.equal(new Set(ids).size, ids.length, 'and no name stands for two things');
  });
});

test('every link within the page leads somewhere', options, async () => {
  await withPage({}, async (page) => {
    const lost = await page.evaluate(() =>
      [...document.querySelectorAll('a[href^="#"]')].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id)),
    );
    assert.deepEqual(lost, []);
  });
});

test('without scripts the word, its exit code and every item are there', ofReleases, async () => {
  await withPage({ javaScriptEnabled: false }, async (page) => {
    assert.match(await page.locator('h1').innerText(), /GO|PASS/);
    assert.match(await page.locator('#verdict').innerText(), /exit code \d+/);
    for (const id of sections) assert.ok(await page.locator(`#${id} :is(h1, h2)`).first().isVisible(), id);
    // What does not hold is open, and the rest opens without a script.
    for (const item of (await page.locator('details.item').all()).slice(0, 20)) {
      const title = await item.locator('.title').innerText();
      assert.ok(await item.locator('> summary').isVisible(), title);
      if (await item.locator('> .body').isVisible()) continue;
      await item.locator('> summary').click();
      assert.ok(await item.locator('> .body').isVisible(), title);
    }
    assert.equal(await page.locator('button').count(), 0);
  });
});

test('a link to an item opens it', ofReleases, async (context) => {
  await withPage({}, async (page) => {
    const closed = page.locator('details.item:not([open])').first();
    if (!(await closed.count())) return context.skip('every item is open');
    const id = await closed.getAttribute('id');
    await page.goto(`${pathToFileURL(pagePath).href}#${id}`);
    assert.ok(await page.locator(`[id="${id}"] > .body`).isVisible());
  });
});

test('without scripts the capacity, the charts and every rate are there', ofExplorations, async () => {
  await withPage({ javaScriptEnabled: false }, async (page) => {
    assert.match(await page.locator('h1').innerText(), /PASS|FAIL|INCONCLUSIVE/);
    assert.match(await page.locator('#verdict').innerText(), /exit code \d+/);
    for (const id of sections) assert.ok(await page.locator(`#${id} :is(h1, h2)`).first().isVisible(), id);
    const rates = await page.locator('table.tried tbody.rows tr').count();
    const drawn = await page.locator('figure .chart svg').count();
    assert.ok(rates ? drawn >= 2 : drawn === 0, `${drawn} drawings of ${rates} rates`);
    // Every drawing has its data as a table.
    assert.equal(await page.locator('figure .data table').count() * 2, drawn);
    assert.equal(await page.locator('button').count(), 0);
  });
});

test('outcomes are told apart by more than their colour', ofExplorations, async (context) => {
  await withPage({}, async (page) => {
    const shapes = await page.evaluate(() =>
      Object.fromEntries(
        ['holds', 'breaks', 'unclear', 'generator'].map((name) => {
          const all = [...document.querySelectorAll(`#curve svg.wide .${name}`)];
          const paper = getComputedStyle(document.body).backgroundColor;
          return [name, all.map((each) => `${each.tagName} ${getComputedStyle(each).fill === paper ? 'empty' : 'full'}`)[0]];
        }),
      ),
    );
    const there = Object.values(shapes).filter(Boolean);
    if (there.length < 2) return context.skip('there are too few outcomes');
    const legend = await page.locator('#curve .legend li').allInnerTexts();
    assert.ok(legend.length >= there.length, legend.join(', '));
    assert.ok(shapes.breaks === undefined || shapes.breaks !== shapes.holds, JSON.stringify(shapes));
    assert.ok(shapes.unclear === undefined || shapes.unclear !== shapes.holds, JSON.stringify(shapes));
  });
});

test('rates are sorted as numbers by mouse and by keyboard', ofExplorations, async (context) => {
  await withPage({}, async (page) => {
    const rows = page.locator('table.tried tbody.rows tr');
    if ((await rows.count()) < 3) return context.skip('there are too few rows');
    const numbers = async () => (await page.locator('table.tried tbody.rows th').allInnerTexts()).map(parseFloat);
    const texts = await page.locator('table.tried tbody.rows th').allInnerTexts();
    if (!texts.every((text) => /^[\d.]+\/s$/.test(text))) return context.skip('there are rates that nobody measures');
    const before = await numbers();
    const head = page.locator('table.tried thead th').filter({ hasText: 'Rate' });
    await head.getByRole('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    assert.deepEqual(await numbers(), [...before].sort((a, b) => b - a));
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    assert.deepEqual(await numbers(), [...before].sort((a, b) => a - b));
  });
});

test('whoever points at the order of rates is told which one it was', ofExplorations, async (context) => {
  await withPage({ viewport: { width: 1200, height: 800 } }, async (page) => {
    const chart = page.locator('#order .chart');
    if (!(await chart.count())) return context.skip('this page has no such chart');
    await chart.locator('svg.wide').hover();
    const words = await chart.locator('.readout').innerText();
    assert.ok(words === '' || /^[\d.]+s: load \d+ · rate /.test(words), words);
  });
});

// Each colour and each width once.
for (const [width, colorScheme] of [[1200, 'light'], [360, 'dark']]) {
  test(`accessible at ${width} px, ${colorScheme}`, options, async () => {
    await withPage({ colorScheme, viewport: { width, height: 800 } }, async (page) => {
      await page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.target).join(', ')}`);
      assert.deepEqual(found, []);
    });
  });
}
