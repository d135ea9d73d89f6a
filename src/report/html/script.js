'use strict';
// Comfort only: all that the page says is there without this.
(() => {
  const root = document.documentElement;
  const make = (tag, properties, text) => {
    const element = Object.assign(document.createElement(tag), properties);
    if (text) element.textContent = text;
    return element;
  };

  // Light or dark, whatever the system says. A browser may keep nothing of a file.
  const kept = { get: () => { try { return localStorage.getItem('mnload-theme'); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem('mnload-theme', theme); } catch { /* only for this visit */ } } };
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const theme = () => root.dataset.theme ?? (dark.matches ? 'dark' : 'light');
  const toggle = make('button', { type: 'button', className: 'toggle', id: 'theme' });
  const label = () => { toggle.textContent = theme() === 'dark' ? 'Light page' : 'Dark page'; };
  if (['light', 'dark'].includes(kept.get())) root.dataset.theme = kept.get();
  toggle.addEventListener('click', () => {
    root.dataset.theme = theme() === 'dark' ? 'light' : 'dark';
    kept.set(root.dataset.theme);
    label();
  });
  dark.addEventListener('change', label);
  label();
  document.querySelector('.banner .column').append(toggle);

  // The time of the start where the reader is.
  const started = document.getElementById('started');
  const moment = new Date(started.dateTime);
  if (!Number.isNaN(moment.getTime()) && moment.getTimezoneOffset() !== 0) {
    const here = moment.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
    started.parentElement.append(make('span', { className: 'here' }, ` (${here} where you are)`));
  }

  // Tables that are sorted by a click on a column's name.
  const units = { 'µs': 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, day: 86400, days: 86400, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
  const value = (text) => {
    const parts = [...text.replaceAll(',', '').matchAll(/(\d+(?:\.\d+)?)\s*(µs|ms|s|m|h|days?|B|KiB|MiB|GiB|%)?/g)];
    return parts.length ? parts.reduce((sum, [, number, unit]) => sum + number * (units[unit] ?? 1), 0) : undefined;
  };
  for (const table of document.querySelectorAll('table.sortable')) {
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const body = table.querySelector('tbody.rows');
    heads.forEach((head, column) => {
      const button = make('button', { type: 'button', className: 'sort' });
      button.append(...head.childNodes);
      head.append(button);
      const isNumber = head.classList.contains('n');
      button.addEventListener('click', () => {
        const before = head.getAttribute('aria-sort');
        const up = before ? before === 'descending' : !isNumber;
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const key = (row) => { const text = row.cells[column].textContent.trim(); return isNumber ? value(text) : text; };
        const keyed = [...body.rows].map((row) => [key(row), row]);
        keyed.sort(([a], [b]) => {
          // What has no figure comes last either way.
          if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
          return (isNumber ? a - b : a.localeCompare(b)) * (up ? 1 : -1);
        });
        body.append(...keyed.map(([, row]) => row));
      });
    });
  }

  // The command into the clipboard, or selected where there is none.
  const command = document.getElementById('command-text');
  if (command) {
    const copy = make('button', { type: 'button', className: 'toggle', id: 'copy' }, 'Copy');
    const select = () => getSelection().selectAllChildren(command);
    copy.addEventListener('click', () => {
      const written = navigator.clipboard ? navigator.clipboard.writeText(command.textContent) : Promise.reject();
      written.then(() => { copy.textContent = 'Copied'; }, () => { select(); copy.textContent = 'Selected'; });
    });
    command.closest('section').append(copy);
  }

  // A link to something within details opens them.
  const open = () => {
    let name = '';
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { /* no name of ours */ }
    let at = name && document.getElementById(name);
    for (; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  };
  addEventListener('hashchange', open);
  open();

  // The figures of the second that is pointed at, out of the chart's table.
  for (const figure of document.querySelectorAll('figure')) {
    const chart = figure.querySelector('.chart');
    const table = figure.querySelector('.data table');
    if (!chart?.querySelector('svg[data-plot]') || !table) continue;
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
    const seconds = rows.map(([second]) => Number(second));
    // Rows of seconds long past are wider than newer ones, and between some there is nothing.
    const step = (at) => Math.min(seconds[at] - (seconds[at - 1] ?? -Infinity), (seconds[at + 1] ?? Infinity) - seconds[at]);
    const line = make('div', { className: 'pointer', hidden: true });
    const words = make('p', { className: 'readout', hidden: true });
    line.ariaHidden = words.ariaHidden = 'true';
    chart.append(line, words);
    const hide = () => { line.hidden = words.hidden = true; };
    chart.addEventListener('pointerleave', hide);
    chart.addEventListener('pointermove', (event) => {
      const drawing = event.target.closest('svg') ?? [...chart.querySelectorAll('svg')].find((svg) => svg.getClientRects().length);
      const [left, right, end] = drawing.dataset.plot.split(' ').map(Number);
      const box = drawing.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * drawing.viewBox.baseVal.width;
      const second = (x - left) / (right - left) * end;
      const at = seconds.findLastIndex((from) => from <= second);
      if (x < left || x > right || at < 0 || second >= seconds[at] + step(at) * 1.5) return hide();
      const figures = names.map((name, column) => `${name} ${rows[at][column + 1]}`).filter((text) => !/ 0$/.test(text));
      words.textContent = `${seconds[at]}s: ${figures.join(' · ') || 'nothing'}`;
      line.style.left = `${event.clientX - box.left}px`;
      line.hidden = words.hidden = false;
    });
  }
})();
