// Writes unicode_tables.inc, the classes of code points that pre-tokenizers ask for, from this Node's own Unicode data:
//   node src/text/make_unicode_tables.mjs
import { writeFileSync } from 'node:fs';

// The numbers are those of CharClass in unicode.h. White space is not here: it is a short list in unicode.cc.
const classes = [
  [1, /^\p{L}$/u],
  [2, /^\p{N}$/u],
  [3, /^\p{P}$/u],
];

function classOf(codePoint) {
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return 0;
  const character = String.fromCodePoint(codePoint);
  return classes.find(([, pattern]) => pattern.test(character))?.[0] ?? 0;
}

// One entry where the class changes: the first code point of the run * 4 + its class.
const runs = [];
let previous = 0;
for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
  const current = classOf(codePoint);
  if (current !== previous) runs.push(codePoint * 4 + current);
  previous = current;
}

const lines = [
  `// Made by make_unicode_tables.mjs from Unicode ${process.versions.unicode}. Do not edit.`,
  `constexpr uint32_t kRuns[${runs.length}] = {`,
];
for (let i = 0; i < runs.length; i += 12) {
  lines.push(`    ${runs.slice(i, i + 12).map((run) => `0x${run.toString(16)}`).join(', ')},`);
}
lines.push('};', '');
writeFileSync(new URL('unicode_tables.inc', import.meta.url), lines.join('\n'));
