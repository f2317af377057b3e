// Runs a command of the native program inside a real browser, through the published API, and prints the same JSON:
//
//   npm run -s in-browser -- --browser firefox --build auto --threads 2 -- generate MODEL --prompt 'Hello' --max-tokens 32
//   npm run -s in-browser -- --browser chromium --build relaxed-mt --threads 1,2 -- bench MODEL --prefill 128 --decode 64
//
// Errors go to stderr as {"error":{"code","message"}}, with exit code 1.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { call, kBuilds, startBareServer } from '../support/bare-page.mjs';
import { kBrowsers, launch } from '../support/browsers/index.mjs';
import { Rng } from '../support/rng.mjs';

const kTimeout = 3_600_000; // ms: the largest model in the slowest browser
const kModelUrl = '/model.gguf';
// Options of the command that go to model.generate, and their names there.
const kSampling = {
  temperature: 'temperature',
  'top-k': 'topK',
  'top-p': 'topP',
  'min-p': 'minP',
  'repetition-penalty': 'repetitionPenalty',
  'frequency-penalty': 'frequencyPenalty',
  'presence-penalty': 'presencePenalty',
  'penalty-last-n': 'penaltyLastN',
};

class UsageError extends Error {
  code = 'invalid_argument';
}

function number(options, name, fallback) {
  const text = options[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new UsageError(`option --${name}: expected a number, found "${text}"`);
  return value;
}

function list(options, name) {
  const text = options[name];
  if (text === undefined) return [];
  const values = text.split(',').map(Number);
  if (!/^\d+(,\d+)*$/.test(text)) {
    throw new UsageError(`option --${name}: expected whole numbers separated by commas, found "${text}"`);
  }
  return values;
}

function one_of(value, choices, name) {
  if (choices.includes(value)) return value;
  throw new UsageError(`option --${name}: expected one of ${choices.join(', ')}, found "${value}"`);
}

function parse(argv, strings, flags, positionals) {
  const options = {};
  for (const name of strings) options[name] = { type: 'string' };
  for (const name of flags) options[name] = { type: 'boolean' };
  try {
    return parseArgs({ args: argv, options, allowPositionals: positionals });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

/** Load options of the package from those of the command. */
function load_options(options, build, threads) {
  return {
    build,
    cache: 'none', // what is measured is the engine, and a file may have been written anew under its old name
    ...(threads === undefined ? {} : { threads }),
    ...(options.head === undefined ? {} : { head: options.head }),
    ...(options.kv === undefined ? {} : { kvFormat: options.kv }),
    ...(options.kernel === undefined ? {} : { kernel: options.kernel }),
    ...(options.zeros === undefined ? {} : { zeros: options.zeros }),
    ...(options.context === undefined ? {} : { contextLength: number(options, 'context') }),
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function engine_of({ engine }) {
  return { build: engine.build, isa: engine.isa, threads: engine.threads, kernels: engine.kernels };
}

async function generate(page, options, build, threads) {
  const tokens = list(options, 'prompt-tokens');
  if ((options.prompt === undefined) === (tokens.length === 0)) {
    throw new UsageError('expected one of --prompt and --prompt-tokens');
  }
  if (threads.length > 1) throw new UsageError('option --threads: generate takes one number');
  const params = {
    maxTokens: number(options, 'max-tokens', 256),
    seed: number(options, 'seed', 0),
    ignoreEndOfText: options['ignore-end-of-text'] ?? false,
    logitsHash: true,
    ...(options.stop === undefined ? {} : { stop: options.stop }),
  };
  for (const [name, key] of Object.entries(kSampling)) {
    if (options[name] !== undefined) params[key] = number(options, name);
  }
  const loaded = await call(page, 'load', { url: kModelUrl, options: load_options(options, build, threads[0]) }, kTimeout);
  const result = await call(page, 'generate', { prompt: options.prompt ?? tokens, options: params }, kTimeout);
  const { stats } = result;
  return {
    tokens: result.tokens,
    text: result.text,
    stop_reason: stats.stopReason,
    logits_hash: stats.logitsHash,
    prompt_tokens: stats.promptTokens,
    timings: {
      load_ms: loaded.load_ms,
      prefill_tokens_per_s: stats.prefillTokensPerSecond,
      decode_tokens_per_s: stats.decodeTokensPerSecond,
    },
    ...engine_of(loaded.info),
    memory: { weights_bytes: loaded.info.residentBytes, kv_bytes: stats.kvBytes },
    memory_bytes: stats.memoryBytes,
    warnings: loaded.warnings,
  };
}

async function bench(page, options, build, threads, model) {
  const prefill = number(options, 'prefill', 128);
  const decode = number(options, 'decode', 64);
  const runs = number(options, 'runs', 3);
  const results = [];
  for (const count of threads.length === 0 ? [1] : threads) {
    const loaded = await call(page, 'load', { url: kModelUrl, options: load_options(options, build, count) }, kTimeout);
    // The tokens of the native bench, so that the logits can be compared as well.
    const rng = new Rng(1);
    const prompt = Array.from({ length: prefill }, () => rng.nextBelow(loaded.info.vocabSize));
    const params = { maxTokens: decode, temperature: 0, ignoreEndOfText: true, reuseCache: false };
    // A run that is not timed: it warms up, and hashes the logits, which takes time of its own.
    const hashed = await call(page, 'generate', { prompt, options: { ...params, logitsHash: true } }, kTimeout);
    const stats = [];
    for (let run = 0; run < runs; run++) {
      stats.push((await call(page, 'generate', { prompt, options: params }, kTimeout)).stats);
    }
    const prefill_samples = stats.map((run) => run.prefillTokensPerSecond);
    const decode_samples = stats.map((run) => run.decodeTokensPerSecond);
    results.push({
      ...engine_of(loaded.info),
      load_ms: loaded.load_ms,
      prefill_tokens_per_s: median(prefill_samples),
      decode_tokens_per_s: median(decode_samples),
      prefill_samples,
      decode_samples,
      logits_hash: hashed.stats.logitsHash,
      memory_bytes: stats.at(-1).memoryBytes,
    });
  }
  return { model, prefill, decode, runs, results };
}

const kModelOptions = ['threads', 'kernel', 'head', 'kv', 'context', 'zeros'];
const kCommands = {
  generate: {
    run: generate,
    strings: ['prompt', 'prompt-tokens', 'max-tokens', 'seed', 'stop', ...Object.keys(kSampling)],
    flags: ['json', 'ignore-end-of-text'],
  },
  bench: { run: bench, strings: ['prefill', 'decode', 'runs'], flags: ['json'] },
};

async function main(argv) {
  const split = argv.indexOf('--');
  const own = parse(split < 0 ? [] : argv.slice(0, split), ['browser', 'build', 'threads'], ['no-isolation'], false).values;
  const [name, ...rest] = argv.slice(split + 1);
  const command = kCommands[name];
  if (split < 0 || command === undefined) {
    throw new UsageError(
      `expected [--browser ${kBrowsers.join('|')}] [--build ${kBuilds.join('|')}|auto] [--threads N] -- generate|bench MODEL …`,
    );
  }
  const { values, positionals } = parse(rest, [...command.strings, ...kModelOptions], command.flags, true);
  if (positionals.length !== 1) throw new UsageError(`expected a model file, found ${positionals.length || 'nothing'}`);
  const model = path.resolve(process.env.INIT_CWD ?? '.', positionals[0]);
  if (!existsSync(model)) throw new UsageError(`cannot read ${positionals[0]}: no such file`);
  const build = one_of(own.build ?? 'auto', ['auto', ...kBuilds], 'build');
  const browser_name = one_of(own.browser ?? 'chromium', kBrowsers, 'browser');
  const threads = list(own.threads === undefined ? values : own, 'threads');

  const server = await startBareServer({ [kModelUrl]: model }, { isolated: !own['no-isolation'] });
  let browser;
  try {
    browser = await launch(browser_name);
    const page = await browser.newPage(server.url);
    const result = await command.run(page, values, build, threads, positionals[0]);
    return { ...result, browser: browser.name, version: browser.version };
  } finally {
    await browser?.close();
    await server.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
try {
  console.log(JSON.stringify(await main(process.argv.slice(2))));
} catch (error) {
  console.error(JSON.stringify({ error: { code: error.code ?? 'internal', message: error.message } }));
  process.exitCode = 1;
}
