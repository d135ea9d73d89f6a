// The pictures of a report for the README, light and dark, out of the run in reports/example/:
//   npm install && node picture.mjs

import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const root = new URL('../../', import.meta.url);
const page = process.env.MNLOAD_REPORT_HTML ?? fileURLToPath(new URL('reports/example/report.html', root));
const browser = await chromium.launch({
  executablePath: process.env.MNLOAD_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const [colorScheme, name] of [['light', 'report.png'], ['dark', 'report-dark.png']]) {
  const context = await browser.newContext({ colorScheme, offline: true, viewport: { width: 1060, height: 900 } });
  const tab = await context.newPage();
  await tab.goto(pathToFileURL(page).href);
  // The verdict and the gates, and the charts that show why: what lies between is left out.
  await tab.evaluate(() => {
    for (const id of ['validity', 'comparison', 'steps', 'percentiles', 'throughput', 'theme']) document.getElementById(id)?.remove();
    document.querySelector('#charts > h2').remove();
    document.querySelectorAll('figure details, nav').forEach((each) => each.remove());
  });
  const end = await tab.evaluate(() => document.querySelector('#heatmap').getBoundingClientRect().bottom + scrollY);
  await tab.screenshot({
    path: fileURLToPath(new URL(`docs/${name}`, root)),
    fullPage: true,
    clip: { x: 0, y: 0, width: 1060, height: Math.ceil(end) + 28 },
  });
  await context.close();
}
await browser.close();
