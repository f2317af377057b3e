// Writes unicode_tables.inc: the code point ranges of the classes that pre-tokenizers ask for, from this Node's own
// Unicode data. Usage: node make_unicode_tables.mjs > unicode_tables.inc
const classes = {
  kLetters: /\p{L}/u,
  kNumbers: /\p{N}/u,
  kMarks: /\p{M}/u,
  kPunctuation: /\p{P}/u,
  kWhiteSpace: /\p{White_Space}/u,
};

function ranges(regex) {
  const out = [];
  for (let c = 0; c <= 0x10ffff; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    if (!regex.test(String.fromCodePoint(c))) continue;
    const last = out.at(-1);
    if (last && last[1] === c - 1) last[1] = c;
    else out.push([c, c]);
  }
  return out;
}

console.log(`// Unicode ${process.versions.unicode}: written by make_unicode_tables.mjs, do not edit.`);
for (const [name, regex] of Object.entries(classes)) {
  const list = ranges(regex).map(([a, b]) => `{${a},${b}}`);
  console.log(`constexpr Range ${name}[] = {`);
  for (let i = 0; i < list.length; i += 8) console.log(`    ${list.slice(i, i + 8).join(',')},`);
  console.log('};');
}
