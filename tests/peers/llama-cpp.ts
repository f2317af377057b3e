/** llama.cpp through node-llama-cpp: next-token probabilities and tokens. */
import { getLlama, LlamaLogLevel, type LlamaContext, type LlamaModel, type Token } from 'node-llama-cpp';

export class LlamaCpp {
  readonly #model: LlamaModel;
  readonly #close: () => Promise<void>;

  private constructor(model: LlamaModel, close: () => Promise<void>) {
    this.#model = model;
    this.#close = close;
  }

  static async open(modelPath: string, { vocabularyOnly = false } = {}): Promise<LlamaCpp> {
    const llama = await getLlama({
      build: 'never', skipDownload: true, gpu: false, progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: 1,
    });
    const model = await llama.loadModel({ modelPath, gpuLayers: 0, vocabOnly: vocabularyOnly });
    return new LlamaCpp(model, () => llama.dispose());
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** Token ids of `text`; with `special`, texts of control tokens become those tokens. */
  tokenize(text: string, special: boolean): number[] {
    return this.#model.tokenize(text, special).map(Number);
  }

  /** For each of `tokens`, the probability of every next token, by id. Keys and values are kept in float32. */
  async probabilities(tokens: readonly number[], vocabulary: number): Promise<Float64Array[]> {
    const context: LlamaContext = await this.#model.createContext({
      contextSize: 256,
      flashAttention: false,
      experimentalKvCacheKeyType: 'F32',
      experimentalKvCacheValueType: 'F32',
    });
    // No stage of the sampler but the plain softmax.
    const generateNext = { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } };
    const ids = new Map<number, Token>([...this.#model.iterateAllTokens()].map((token) => [Number(token), token]));
    const results = await context.getSequence().controlledEvaluate(tokens.map((id) => {
      const token = ids.get(id);
      if (token === undefined) throw new Error(`no token ${id}`);
      return [token, { generateNext }];
    }));
    await context.dispose();
    return Array.from(results, (result) => {
      const found = result?.next.probabilities;
      if (found === undefined || found.size !== vocabulary) throw new Error(`${found?.size} probabilities, expected ${vocabulary}`);
      const out = new Float64Array(vocabulary);
      for (const [token, p] of found) out[Number(token)] = p;
      return out;
    });
  }
}
