/** What a model file says about the shape of its network. */
import type { GgufFile } from './gguf-file';

export type Activation = 'silu' | 'relu2';

export interface Config {
  readonly architecture: string;
  readonly layers: number;
  readonly width: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ropeSize: number;
  readonly ropeBase: number;
  /** Positions are divided by this. */
  readonly ropeFactor: number;
  /** `halves` pairs (x[i], x[i + n/2]), `neighbours` pairs (x[2i], x[2i+1]). */
  readonly ropePairs: 'halves' | 'neighbours';
  readonly epsilon: number;
  readonly activation: Activation;
  /** RMS norms before the attention output and before the down projection. */
  readonly subNorms: boolean;
  /** Whether the file may bring an output matrix of its own. */
  readonly ownHead: boolean;
}

const BITNET = new Set(['bitnet', 'bitnet-25', 'bitnet-b1.58']);

/** What the file says; where it says nothing, what models of the architecture were trained with. */
function activationOf(file: GgufFile, architecture: string): Activation {
  const key = file.string(`${architecture}.hidden_activation`);
  if (key === undefined) return architecture === 'bitnet-25' || architecture === 'bitnet-b1.58' ? 'relu2' : 'silu';
  if (key === 'silu' || key === 'relu2') return key;
  throw new Error(`hidden_activation ${key} is neither silu nor relu2`);
}

export function readConfig(file: GgufFile): Config {
  const architecture = file.string('general.architecture') ?? '';
  if (!BITNET.has(architecture) && architecture !== 'llama') throw new Error(`architecture ${architecture} is not known here`);
  const optional = (key: string): number | undefined => file.number(`${architecture}.${key}`);
  const required = (key: string): number => {
    const value = optional(key);
    if (value === undefined) throw new Error(`no key ${architecture}.${key}`);
    return value;
  };
  const width = required('embedding_length');
  const heads = required('attention.head_count');
  const headSize = optional('attention.key_length') ?? width / heads;
  if ((optional('attention.value_length') ?? headSize) !== headSize) throw new Error('keys and values differ in size');
  const scaling = file.string(`${architecture}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none' && scaling !== 'linear') throw new Error(`rope scaling ${scaling} is not known here`);
  return {
    architecture,
    layers: required('block_count'),
    width,
    feedForward: required('feed_forward_length'),
    heads,
    kvHeads: optional('attention.head_count_kv') ?? heads,
    headSize,
    ropeSize: optional('rope.dimension_count') ?? headSize,
    ropeBase: optional('rope.freq_base') ?? 10000,
    ropeFactor: scaling === 'linear' ? (optional('rope.scaling.factor') ?? 1) : 1,
    ropePairs: architecture === 'llama' ? 'neighbours' : 'halves',
    epsilon: required('attention.layer_norm_rms_epsilon'),
    activation: activationOf(file, architecture),
    subNorms: architecture !== 'llama',
    ownHead: architecture === 'llama',
  };
}
