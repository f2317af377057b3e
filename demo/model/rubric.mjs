// What a storyteller can do, counted on documents that were held out of its training:
//
//   node demo/model/rubric.mjs MODEL.gguf --test stories-test.txt [--train stories.txt] [--count 100] [--json]
//
// requested    of stories asked for with a character and an object, both are in the story
// ended        answers that end by themselves before the context is full
// repeated     sentences that stand in the same story before
// copied       sentences of five words and more that stand in the training text as they are (--train)
// story        questions about a story that it is given, or has told: the answer is the expected one, word for word
// world        the same for questions about itself, the library and simple facts
//
// Greedy, with the engine's own program; questions see the conversation as the document has it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const kProgram = fileURLToPath(new URL('../../build/native/ternlight', import.meta.url));
const kTooLong = 'context_overflow'; // the code of an error
const kLongest = 170; // tokens of an answer

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    test: { type: 'string' },
    train: { type: 'string' },
    count: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
});
const [model] = positionals;
if (model === undefined || values.test === undefined) throw new Error('expected MODEL.gguf and --test FILE');
const count = Number(values.count);

const words = (text) => text.toLowerCase().match(/[a-z']+/g) ?? [];
const plain = (text) => words(text).join(' ');
const sentences = (text) => (text.match(/[^.!?]+[.!?]+"?/g) ?? []).map((sentence) => sentence.trim());
const share = (part, whole) => (whole === 0 ? null : part / whole);

/** The turns of each document: [{user, assistant}]. */
function conversations(file) {
  const found = [];
  for (const document of readFileSync(file, 'utf8').split('<|endoftext|>')) {
    const turns = [...document.matchAll(/<\|user\|>\n([^]*?)\n<\|assistant\|>\n([^]*?)<\|end\|>/g)];
    if (turns.length > 0) found.push(turns.map(([, user, assistant]) => ({ user, assistant })));
  }
  return found;
}

/** The model's answer to the last of some turns; undefined where they leave no room for one. */
function answer(turns) {
  const before = turns.slice(0, -1).map(({ user, assistant }) => `<|user|>\n${user}\n<|assistant|>\n${assistant}<|end|>`);
  const prompt = `${before.join('')}<|user|>\n${turns.at(-1).user}\n<|assistant|>\n`;
  const args = ['generate', model, '--prompt', prompt, '--max-tokens', kLongest, '--temperature', 0, '--json'];
  const { status, stdout, stderr } = spawnSync(kProgram, args.map(String), { encoding: 'utf8' });
  if (status !== 0) {
    if (stderr.includes(kTooLong)) return undefined;
    throw new Error(stderr);
  }
  const { text, stop_reason } = JSON.parse(stdout);
  return stop_reason === 'context_full' && text.length < 40 ? undefined : { text: text.trim(), ended: stop_reason === 'end_of_text' };
}

const all = conversations(values.test);
const result = { model, count };

// Stories that are asked for by what is in them.
const kAsked = /\b(?:story|tale|about)\b.*?\babout (?:a|an|the) (?:\w+ named \w+|(\w+)) and (?:a|an|the) (\w+)\W*$/i;
const asked = all.map((turns) => ({ turn: turns[0], match: kAsked.exec(turns[0].user) })).filter(({ match }) => match?.[1]).slice(0, count);
const training = values.train === undefined ? undefined : new Set(sentences(readFileSync(values.train, 'utf8')));
let requested = 0, ended = 0, told = 0, repeated = 0, long = 0, copied = 0;
for (const { turn, match } of asked) {
  const story = answer([turn]);
  const used = new Set(words(story.text));
  requested += used.has(match[1].toLowerCase()) && used.has(match[2].toLowerCase());
  ended += story.ended;
  const seen = new Set();
  for (const sentence of sentences(story.text)) {
    told++;
    repeated += seen.has(sentence);
    seen.add(sentence);
    if (training === undefined || words(sentence).length < 5) continue;
    long++;
    copied += training.has(sentence);
  }
}
result.stories = asked.length;
result.requested = share(requested, asked.length);
result.ended = share(ended, asked.length);
result.repeated = share(repeated, told);
if (training !== undefined) result.copied = share(copied, long);

// Questions: behind a story in the same document, or alone.
const isStory = ({ user, assistant }) => user.length + assistant.length > 300;
const kinds = { story: [], world: [] };
for (const turns of all) {
  for (let i = 0; i < turns.length; i++) {
    if (turns[i].assistant.length > 150) continue;
    const behind = turns.slice(0, i).some(isStory) || turns[i].user.length > 300;
    const kind = behind ? kinds.story : i === 0 && turns[i].user.length < 120 ? kinds.world : undefined;
    if (kind !== undefined && kind.length < count) kind.push(turns.slice(0, i + 1));
  }
}
for (const [kind, questions] of Object.entries(kinds)) {
  let right = 0, fitting = 0;
  for (const turns of questions) {
    const found = answer(turns);
    if (found === undefined) continue;
    fitting++;
    right += plain(found.text) === plain(turns.at(-1).assistant);
  }
  result[`${kind}Questions`] = fitting;
  result[kind] = share(right, fitting);
}

if (values.json) {
  console.log(JSON.stringify(result));
} else {
  for (const [key, value] of Object.entries(result)) {
    console.log(key.padEnd(16), typeof value === 'number' && !Number.isInteger(value) ? `${(100 * value).toFixed(1)} %` : value);
  }
}
