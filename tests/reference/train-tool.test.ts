/** `ternlight train`: the file it writes, and that it goes on where it was interrupted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ternlight } from './support/engine';

// Seconds' worth: it is about files here, not about what is learned.
const SMALL = ['--dim', '128', '--ffn', '128', '--layers', '1', '--context', '32', '--sequences', '4', '--steps', '24', '--warmup', '4', '--gemm', 'portable'];
// Twelve kinds of letters, so that little has to be learned.
const TEXT = '<|endoftext|>The fox saw the hat. The hat sat.\n'.repeat(60);

let folder = '';
let text = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ternlight-train-'));
  text = join(folder, 'text.txt');
  writeFileSync(text, TEXT);
});
afterAll(() => { rmSync(folder, { recursive: true }); });

const train = (...options: readonly string[]): Record<string, unknown> =>
  ternlight('train', ...SMALL, '--text', text, '--validation-text', text, '--validate-every', '8', '--validate-pieces', '100000', ...options);

describe('train', () => {
  it('writes a model whose perplexity is the validation loss', () => {
    const out = join(folder, 'whole.gguf');
    const result = train('--out', out, '--name', 'small', '--license', 'mit');
    expect(result).toMatchObject({ steps: 24, gemm: 'portable' });
    expect(ternlight('inspect', out)['metadata']).toMatchObject({ 'general.name': 'small', 'general.license': 'mit' });
    const engine = ternlight('perplexity', out, '--text-file', text, '--head', 'file', '--kv', 'f32');
    // The file's embedding is rounded to f16: 5e-4 of each number.
    expect(Math.abs(Number(engine['nats_per_token']) - Number(result['validationNats']))).toBeLessThan(2e-3);
    expect(Math.abs(Number(engine['bits_per_byte']) - Number(result['validationBitsPerByte']))).toBeLessThan(3e-3);
    expect(Number(result['validationNats'])).toBeLessThan(4);
  });

  it('goes on from a checkpoint to the same file and the same curve', () => {
    const whole = [join(folder, 'a.gguf'), join(folder, 'a')] as const;
    const parts = [join(folder, 'b.gguf'), join(folder, 'b')] as const;
    const checkpoint = join(folder, 'b.ckpt');
    train('--out', whole[0], '--curve', whole[1]);
    const first = train('--checkpoint', checkpoint, '--stop-at', '11', '--curve', parts[1]);
    expect(first['steps']).toBe(11);
    train('--checkpoint', checkpoint, '--out', parts[0], '--curve', parts[1], '--threads', '2');
    expect(readFileSync(parts[0]).equals(readFileSync(whole[0]))).toBe(true);
    expect(readFileSync(`${parts[1]}.csv`, 'utf8')).toBe(readFileSync(`${whole[1]}.csv`, 'utf8'));
    expect(readFileSync(`${parts[1]}.csv`, 'utf8').trim().split('\n')).toHaveLength(25);
    expect(readFileSync(`${parts[1]}.svg`, 'utf8')).toContain('<svg');
    expect(() => train('--checkpoint', checkpoint, '--rate', '0.5')).toThrow(/peak_rate/);

    const other = join(folder, 'other.txt');
    writeFileSync(other, 'A text that nobody has trained on, of some more words than the context holds. '.repeat(3));
    const nothingLeft = ternlight('train', ...SMALL, '--text', text, '--validation-text', other, '--checkpoint', checkpoint);
    const engine = ternlight('perplexity', parts[0], '--text-file', other, '--head', 'file', '--kv', 'f32');
    expect(Math.abs(Number(engine['nats_per_token']) - Number(nothingLeft['validationNats']))).toBeLessThan(2e-3);
  });

  it('fails when the loss is above what is expected', () => {
    expect(() => train('--expect-loss', '0.001')).toThrow(/expected a validation loss of at most 0.001/);
  });
});
