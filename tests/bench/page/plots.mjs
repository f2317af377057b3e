// Draws results of the benchmarks as bars: one for each row, with its samples as dots, and ratios to llama.cpp.
import { compared } from './compared.mjs';

const kWidth = 960;
const kLabels = 340; // pixels for the names
const kValues = 170; // and for the figures
const kBar = 18;
const kGap = 7;
const kClasses = { ternlight: 'ternlight', 'ternlight native': 'native', 'llama.cpp': 'llama', wllama: 'wllama' };

function svg(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function html(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

/** The first of 1, 2, 5, 10, … × 10^n with which `limit` is reached in at most six steps. */
function step(limit) {
  const power = 10 ** Math.floor(Math.log10(limit / 6));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => limit / size <= 6);
}

const short = (value) => value.toFixed(value >= 100 ? 0 : 1);

/**
 * @param {{label: string, className: string, value: number, text: string, samples: number[], limit?: number}[]} bars
 *   `limit`: what the value could be at most, as a mark
 */
function chart(bars) {
  const top = Math.max(...bars.flatMap(({ value, limit, samples }) => [value, limit ?? 0, ...samples]));
  const scale = (kWidth - kLabels - kValues) / top;
  const height = bars.length * (kBar + kGap) + 24;
  const picture = svg('svg', { viewBox: `0 0 ${kWidth} ${height}`, role: 'img' });
  for (let at = 0; at <= top; at += step(top)) {
    const x = kLabels + at * scale;
    picture.append(svg('line', { x1: x, x2: x, y1: 0, y2: height - 18 }));
    picture.append(svg('text', { x, y: height - 4, 'text-anchor': 'middle', class: 'faint' }, String(Number(at.toPrecision(3)))));
  }
  bars.forEach(({ label, className, value, text, samples, limit }, i) => {
    const y = i * (kBar + kGap);
    const middle = y + kBar / 2;
    picture.append(svg('text', { x: kLabels - 8, y: middle + 5, 'text-anchor': 'end' }, label));
    picture.append(svg('rect', { x: kLabels, y, width: Math.max(1, value * scale), height: kBar, rx: 2, class: className }));
    for (const sample of samples) picture.append(svg('circle', { cx: kLabels + sample * scale, cy: middle, r: 2.5, class: 'sample' }));
    if (limit !== undefined) {
      const x = kLabels + limit * scale;
      picture.append(svg('rect', { x: x - 1, y: y - 2, width: 2, height: kBar + 4, class: 'faint' }));
    }
    picture.append(svg('text', { x: kWidth - kValues + 12, y: middle + 5 }, text));
  });
  return picture;
}

function draw(results) {
  const rows = compared(results);
  const weights = new Map(results.models.map((model) => [model.id, model.weights]));
  const bar = (row, value, ratio, samples, limit) => ({
    label: `${row.label}, ${weights.get(row.variant)}`,
    className: kClasses[row.engine],
    value,
    text: ratio === undefined ? short(value) : `${short(value)}   (${ratio.toFixed(2)} ×)`,
    samples,
    limit,
  });
  const { machine, browser, settings, date } = results;
  const parts = [
    html('h2', results.title),
    html('p', `${date}, ${machine.cpu}, ${machine.cores} cores; ${browser.name} ${browser.version}; ${settings.rounds} rounds. ` +
      'A bar is the median, a dot a sample; in brackets, the ratio to native llama.cpp on as many threads.'),
  ];
  const ofThreads = (threads) => rows.filter((row) => row.threads === threads);
  for (const threads of [...new Set(rows.map((row) => row.threads))].sort()) {
    const on = `${threads} thread${threads === 1 ? '' : 's'}`;
    parts.push(html('h2', `Decode on ${on}, tokens/s`));
    if (results.bandwidth[threads]) {
      parts.push(html('p', `The mark is the roofline: ${(results.bandwidth[threads].rate / 1e9).toFixed(1)} GB/s of reading, over the bytes of a token.`));
    }
    parts.push(chart(ofThreads(threads).map((row) => bar(row, row.decode, row.decodeRatio, row.samples.map(({ decode }) => decode), row.roofline))));
    parts.push(html('h2', `Prefill on ${on}, tokens/s`));
    parts.push(chart(ofThreads(threads).map((row) => bar(row, row.prefill, row.prefillRatio, row.samples.map(({ prefill }) => prefill)))));
  }
  const shares = rows.filter(({ share }) => share !== undefined);
  if (shares.length > 0) {
    parts.push(html('h2', 'Decode, % of the roofline'));
    parts.push(chart(shares.map((row) => {
      const percent = 100 * row.share;
      return { ...bar(row, percent, undefined, []), label: `${row.label}, ${row.threads} thr., ${weights.get(row.variant)}`, text: `${Math.round(percent)} %` };
    })));
  }
  document.querySelector('main').replaceChildren(...parts);
}

const choice = document.querySelector('#results');
const show = async () => draw(await (await fetch(`results/${choice.value}`)).json());
choice.addEventListener('change', show);
choice.append(...(await (await fetch('results.json')).json()).map((name) => html('option', name)));
await show();
