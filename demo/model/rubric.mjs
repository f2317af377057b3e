// What a storyteller can do, counted on documents that were held out of its training:
//
//   ternlight stories --seed 3 --count 6000 --split test --out rubric.txt
//   node demo/model/rubric.mjs MODEL.gguf --test rubric.txt --train text.txt [--count 200] [--samples 20]
//
// A story that is asked for with a character and an object passes when all of this is so:
//   requested    the character and the object are in it
//   ended        it ends by itself, with the end of a sentence
//   unrepeated   no sentence stands in it twice
//   spelled      each of its words is a word of the training text
//   remembered   a question about it is answered as the story has it: the color of the object, or whom it is about
// Then questions of the held-out documents:
//   story        about a story that it is given, or has told: answered word for word
//   world        that the training text has: about itself, the library, simple facts; word for word in one of its ways
//   said         that it does not have: about what they say themselves ("Fern has a hat. Who has a hat?"); word for word
// And whether it recites: distinct runs of words over all stories, the nearest training text of each.
//
// Greedy, with the engine's own program.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { answer } from './answers.mjs';
import { conversations, plain, sentences, words } from './documents.mjs';
import { distinct, nearest } from './reciting.mjs';

/** As the stories have them. */
const kColors = /^colors: (.*)$/m.exec(readFileSync(new URL('../../src/stories/world.def', import.meta.url), 'utf8'))[1].split(', ');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    test: { type: 'string' },
    train: { type: 'string' },
    count: { type: 'string', default: '200' },
    samples: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const [model] = positionals;
if (model === undefined || values.test === undefined || values.train === undefined) throw new Error('expected MODEL.gguf, --test FILE and --train FILE');
const count = Number(values.count);
const all = conversations(values.test);

/** Stories that are asked for by what is in them. */
function asked() {
  const pattern = /\b(?:story|tale|about)\b.*?\babout (?:a|an|the) (?:\w+ named \w+|(\w+)) and (?:a|an|the) (\w+)\W*$/i;
  return all
    .map(([turn]) => ({ turn, match: pattern.exec(turn.user) }))
    .filter(({ match }) => match?.[1] !== undefined)
    .map(({ turn, match }) => ({ turn, character: match[1].toLowerCase(), object: match[2].toLowerCase() }))
    .slice(0, count);
}

/** A question about a story, and a test of the answer to it. */
function questionAbout(story, object) {
  const color = new RegExp(`\\b(${kColors.join('|')}) ${object}\\b`, 'i').exec(story)?.[1];
  if (color !== undefined) return { ask: `What color is the ${object}?`, isRight: (text) => plain(text) === `the ${object} is ${color.toLowerCase()}` };
  // Names are the words that have a capital within a sentence.
  const names = new Map();
  for (const [, name] of story.matchAll(/[a-z,] ([A-Z][a-z]+)\b/g)) names.set(name, (names.get(name) ?? 0) + 1);
  return { ask: 'Who is the story about?', isRight: (text) => [...names].some(([name, times]) => times > 1 && text.includes(name)) };
}

function judge({ turn, character, object }, dictionary) {
  const { text, ended } = answer(model, [turn]);
  const used = new Set(words(text));
  const said = sentences(text);
  const { ask, isRight } = questionAbout(text, object);
  const remembered = answer(model, [{ user: turn.user, assistant: text }, { user: ask, assistant: '' }]);
  const marks = {
    requested: used.has(character) && used.has(object),
    ended: ended && /[.!?]"?$/.test(text),
    unrepeated: new Set(said).size === said.length,
    spelled: [...used].every((word) => dictionary.has(word)),
    // A story that fills the context leaves no room for a question.
    remembered: remembered !== undefined && isRight(remembered.text),
  };
  return { prompt: turn.user, text, ask, answer: remembered?.text ?? '', marks, passed: Object.values(marks).every(Boolean) };
}

/** Questions of the documents, behind a story or alone, and how many are answered rightly. */
function questions() {
  const isStory = ({ user, assistant }) => user.length + assistant.length > 300;
  const behind = [];
  const alone = [];
  for (const turns of all) {
    for (let i = 0; i < turns.length; i++) {
      if (turns[i].assistant.length > 150) continue;
      if (turns.slice(0, i).some(isStory) || turns[i].user.length > 300) behind.push(turns.slice(0, i + 1));
      else if (i === 0 && turns[i].user.length < 120) alone.push(turns.slice(0, 1));
    }
  }
  const taught = answersTo(new Set(alone.map(([{ user }]) => plain(user))));
  const answersOf = ([{ user }]) => taught.get(plain(user));
  const right = (turns) => {
    const expected = turns.length === 1 ? answersOf(turns) : undefined;
    const found = answer(model, turns);
    if (found === undefined) return [];
    return [plain(found.text) === plain(turns.at(-1).assistant) || expected?.has(plain(found.text)) === true];
  };
  const kinds = { story: behind, world: alone.filter((turns) => answersOf(turns).size > 0), said: alone.filter((turns) => answersOf(turns).size === 0) };
  return Object.fromEntries(Object.entries(kinds).map(([kind, some]) => [kind, some.slice(0, count).flatMap(right)]));
}

/** All answers of the training text to these questions. */
function answersTo(questions) {
  const found = new Map([...questions].map((question) => [question, new Set()]));
  for (const turns of conversations(values.train)) {
    for (const { user, assistant } of turns) if (user.length < 120) found.get(plain(user))?.add(plain(assistant));
  }
  return found;
}

const shareOf = (marks) => marks.filter(Boolean).length / marks.length;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

const dictionary = new Set(words(readFileSync(values.train, 'utf8')));
const judged = asked().map((one) => judge(one, dictionary));
const told = judged.map(({ text }) => text);
const { copied, closest } = nearest(told, values.train);
const shares = closest.map(({ share }) => share).sort((a, b) => a - b);
const { story, world, said } = questions();
const rows = {
  [`passed, of ${judged.length} stories`]: shareOf(judged.map(({ passed }) => passed)),
  ...Object.fromEntries(Object.keys(judged[0].marks).map((mark) => [mark, shareOf(judged.map(({ marks }) => marks[mark]))])),
  [`story questions, of ${story.length}`]: shareOf(story),
  [`world questions, of ${world.length}`]: shareOf(world),
  [`questions about what they say, of ${said.length}`]: shareOf(said),
  ...Object.fromEntries([1, 2, 3, 4].map((n) => [`distinct-${n}`, distinct(told, n)])),
  'sentences of the training text': copied,
  'nearest training text, shared runs of 5 words, median': shares[Math.floor(shares.length / 2)],
  'the same, most': shares.at(-1),
};

if (values.json) {
  console.log(JSON.stringify({ model, rows, judged }, null, 1));
} else {
  console.log(['| what | share |', '| --- | ---: |', ...Object.entries(rows).map(([what, share]) => `| ${what} | ${percent(share)} |`)].join('\n'));
  for (const { prompt, text, ask, answer: reply, passed } of judged.slice(0, Number(values.samples))) {
    console.log(`\n**${prompt}**${passed ? '' : ' (does not pass)'}\n\n> ${text.replaceAll('\n', '\n> ')}\n\n*${ask}* ${reply}`);
  }
}
