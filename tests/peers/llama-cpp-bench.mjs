// llama.cpp as a contestant of `npm run bench:peers`: a process that answers messages from its parent.
//   { open: { model, threads, contextLength } }  loads the model, gives facts about this build of llama.cpp
//   { generate: { prompt, tokens } }             greedy; the prompt in one batch, then token by token; gives tokens per second
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

const kPrefill = /prompt eval time = +([\d.]+) ms \/ +(\d+) tokens/;
const kDecode = /[^t] eval time = +([\d.]+) ms \/ +(\d+) runs/;

const log = [];
let context;
let sequence;

/** The variant of the processor library that was chosen: there is one for each generation of processors. */
function cpuVariant() {
  const names = readFileSync('/proc/self/maps', 'utf8').matchAll(/libggml-cpu-(\w+)\.so/g);
  return [...new Set(Array.from(names, ([, name]) => name))].join(', ');
}

async function open({ model: modelPath, threads, contextLength }) {
  const llama = await getLlama({
    build: 'never', skipDownload: true, gpu: false, progressLogs: false, maxThreads: threads,
    logLevel: LlamaLogLevel.info, logger: (_, text) => log.push(text),
  });
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
  // Its defaults, but for the whole prompt in one batch and a clock of its own.
  context = await model.createContext({
    contextSize: contextLength, batchSize: contextLength, threads: { ideal: threads, min: threads }, performanceTracking: true,
  });
  sequence = context.getSequence();
  return {
    threads: context.currentThreads,
    systemInfo: llama.systemInfo.trim(),
    cpuVariant: cpuVariant(),
    release: llama.llamaCppRelease.release,
    flashAttention: context.flashAttention,
  };
}

/** Tokens per second by llama.cpp's own clock, which leaves out sampling and JavaScript. */
async function ownTimings() {
  await context.printTimings();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const text = log.splice(0).join('\n');
  const rate = (pattern) => {
    const found = pattern.exec(text);
    if (found === null) throw new Error(`no timings in "${text}"`);
    return { rate: (1000 * Number(found[2])) / Number(found[1]), count: Number(found[2]) };
  };
  return { prefill: rate(kPrefill), decode: rate(kDecode) };
}

async function generate({ prompt, tokens: count }) {
  await sequence.clearHistory();
  await ownTimings().catch(() => {}); // begins anew
  const tokens = [];
  const start = performance.now();
  let first = 0;
  let last = 0;
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    last = performance.now();
    if (tokens.length === 0) first = last;
    tokens.push(Number(token));
    if (tokens.length === count) break;
  }
  const own = await ownTimings();
  if (own.prefill.count !== prompt.length || own.decode.count !== count - 1) {
    throw new Error(`expected ${prompt.length} and ${count - 1} tokens, found ${own.prefill.count} and ${own.decode.count}`);
  }
  return {
    prefill: own.prefill.rate,
    decode: own.decode.rate,
    tokens,
    asSeenFromJavaScript: { prefill: (1000 * prompt.length) / (first - start), decode: (1000 * (count - 1)) / (last - first) },
  };
}

process.on('message', async (message) => {
  try {
    process.send({ value: message.open ? await open(message.open) : await generate(message.generate) });
  } catch (error) {
    process.send({ error: error.message });
  }
});
process.on('disconnect', () => process.exit());
