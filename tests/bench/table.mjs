// Results as a table in Markdown, for the terminal and the README.
//   node tests/bench/table.mjs tests/bench/results/peers-2b4t-2026-11-29.json
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compared } from './page/compared.mjs';

const number = (value) => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
const times = (value) => (value === undefined ? '' : `${value.toFixed(2)} ×`);
const percent = (value) => (value === undefined ? '' : `${Math.round(100 * value)} %`);

/** Rows of text as a table in Markdown. */
export function grid(header, rows) {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const left = (i) => i === 0 || header[i] === 'weights (head)' || header[i] === 'logits hash';
  const line = (cells) => `| ${cells.map((cell, i) => (left(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (left(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function bandwidthText({ bandwidth }) {
  const parts = Object.entries(bandwidth).map(
    ([threads, { rate }]) => `${(rate / 1e9).toFixed(1)} GB/s on ${threads} thread${threads === '1' ? '' : 's'}`,
  );
  return parts.length === 0 ? [] : [`Read bandwidth in the same browser and run: ${parts.join(', ')}.`];
}

/** @param {object} results as results.mjs writes them */
export function markdown(results) {
  const weights = new Map(results.models.map((model) => [model.id, model.weights]));
  const header = ['engine', 'weights (head)', 'threads', 'prefill', '÷ llama.cpp', 'decode', '÷ llama.cpp', 'of roofline', 'logits hash'];
  const rows = compared(results).map((row) => [
    row.label,
    weights.get(row.variant),
    String(row.threads),
    number(row.prefill),
    times(row.prefillRatio),
    number(row.decode),
    times(row.decodeRatio),
    percent(row.share),
    row.logitsHash ?? '',
  ]);
  const drop = results.models.length > 0 && rows.every((row) => row[7] === '') ? 7 : -1;
  const kept = (cells) => cells.filter((_, i) => i !== drop);
  const { machine, settings } = results;
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GB`;
  const tokens = [...new Set(results.rows.map((row) => `${row.prefillTokens} / ${row.decodeTokens} (${row.engine})`))];
  return [
    `${results.title}: tokens/s, greedy, medians of ${settings.rounds} rounds in which each ran once. ${results.date}, ${machine.cpu}, ` +
      `${machine.cores} cores, ${memory}, ${machine.flags.join(' ')}; ${results.browser.name} ${results.browser.version}.`,
    `Tokens of prefill / decode: ${tokens.join(', ')}.`,
    ...bandwidthText(results),
    ...results.models.filter(({ note }) => note).map(({ weights: name, note }) => `${name}: ${note}`),
    '',
    grid(kept(header), rows.map(kept)),
  ].join('\n');
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const file of process.argv.slice(2)) console.log(`${markdown(JSON.parse(readFileSync(file, 'utf8')))}\n`);
}
