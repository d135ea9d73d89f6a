// The pictures of the README and of docs/explore.md, light and dark, out of reports/example/ and reports/explored/:
//   npm install && node picture.mjs

import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = new URL('../../', import.meta.url);
const file = (name) => fileURLToPath(new URL(name, root));
const pictures = [
  {
    page: process.env.MNLOAD_REPORT_HTML ?? file('reports/example/report.html'),
    name: 'report',
    // The verdict and the gates, and the charts that show why: what lies between is left out.
    without: ['validity', 'comparison', 'steps', 'percentiles', 'throughput', 'theme'],
    last: 'heatmap',
  },
  {
    page: process.env.MNLOAD_EXPLORATION_HTML ?? file('reports/explored/report.html'),
    name: 'explore',
    // The verdict and the curve.
    without: ['capacity', 'theme'],
    last: 'limit',
  },
];
const browser = await chromium.launch({
  executablePath: process.env.MNLOAD_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const { page, name, without, last } of pictures) {
  for (const [colorScheme, suffix] of [['light', ''], ['dark', '-dark']]) {
    const context = await browser.newContext({ colorScheme, offline: true, viewport: { width: 1060, height: 900 } });
    const tab = await context.newPage();
    await tab.goto(pathToFileURL(page).href);
    await tab.evaluate((ids) => {
      for (const id of ids) document.getElementById(id)?.remove();
      document.querySelector('#charts > h2').remove();
      document.querySelectorAll('figure details, nav').forEach((each) => each.remove());
    }, without);
    const end = await tab.evaluate((id) => document.getElementById(id).getBoundingClientRect().bottom + scrollY, last);
    await tab.screenshot({
      path: file(`docs/${name}${suffix}.png`),
      fullPage: true,
      clip: { x: 0, y: 0, width: 1060, height: Math.ceil(end) + 28 },
    });
    await context.close();
  }
}
await browser.close();
