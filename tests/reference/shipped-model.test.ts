/** The shipped models, and what their training says of them: demo/model. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kStoryteller } from '../support/storyteller.mjs';
import { ternlight } from './support/engine';

interface Report {
  readonly parameters: number;
  readonly validation: { readonly documents: number; readonly nats_per_token: number; readonly bits_per_byte: number };
}

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'ternlight-shipped-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

describe.each(['story', 'tiny'])('%s', (name) => {
  const model = kStoryteller.replace('story.i2_s', `${name}.i2_s`);
  const report = JSON.parse(readFileSync(new URL(`../../demo/model/${name}/${name}.json`, import.meta.url), 'utf8')) as Report;

  it('has the parameters that were trained', () => {
    expect(ternlight('inspect', model)['parameters']).toBe(report.parameters);
  });

  it('has the perplexity that its trainer found, on stories that were held out', () => {
    const text = join(folder, 'stories.txt');
    const { documents, nats_per_token: nats, bits_per_byte: bits } = report.validation;
    ternlight('stories', '--seed', '2', '--count', String(documents), '--split', 'test', '--out', text);
    const engine = ternlight('perplexity', model, '--text-file', text, '--head', 'file', '--kv', 'f32', '--threads', '2');
    // The file's embedding is rounded to f16: 5e-4 of each number.
    expect(Math.abs(Number(engine['nats_per_token']) - nats)).toBeLessThan(2e-3);
    expect(Math.abs(Number(engine['bits_per_byte']) - bits)).toBeLessThan(1e-3);
  });
});
