/** Reads what `ternlight sparsity` prints. */
import { ternlight } from './engine';

export interface Shares {
  zeroGates: number;
  zeroDownInputs: number;
  upRows: number;
  downColumns: number;
}

function shares(value: unknown): Shares {
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const fields: Record<string, unknown> = Object.fromEntries(Object.entries(value));
  const share = (name: string): number => {
    const number = fields[name];
    if (typeof number !== 'number' || !(number >= 0 && number <= 1)) throw new Error(`${name}: not a share`);
    return number;
  };
  return {
    zeroGates: share('zero_gates'), zeroDownInputs: share('zero_down_inputs'),
    upRows: share('up_rows_read'), downColumns: share('down_columns_read'),
  };
}

/** The shares by layer and of all, the share of the ternary body that need not be read, and the whole report. */
export function readSparsity(model: string, ...options: readonly string[]): { layers: Shares[]; mean: Shares; skippable: number; report: Record<string, unknown> } {
  const report = ternlight('sparsity', model, ...options);
  const { layers, mean, skippable_share: skippable } = report;
  if (!Array.isArray(layers) || typeof skippable !== 'number') throw new Error('not a sparsity report');
  return { layers: layers.map(shares), mean: shares(mean), skippable, report };
}
