/** A few thousand strings that tokenizers disagree about: scripts, emoji, code, odd white space, numbers, contractions. */
import { at } from '../../reference/at';
import { Random } from '../../reference/support/random';

const SENTENCES = [
  'Once upon a time, a clever fox named Ember lived near the lake.',
  "I'm sure they've said it's what we'd do; you'll see they're RIGHT, I'M SURE THEY'VE, it'S WE'D YOU'LL THEY'RE ain't o'clock 'tis",
  'Le cœur a ses raisons que la raison ne connaît point — « voilà » l’été, ÇA ET LÀ.',
  'Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; Straße, STRASSE, ẞ.',
  'El veloz murciélago hindú comía feliz cardillo y kiwi. ¿Dónde está? ¡Aquí!',
  'Съешь же ещё этих мягких французских булок, да выпей чаю. Їжак, ґанок, ёлка.',
  'Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία. Ο ΣΊΣΥΦΟΣ, σίσυφος.',
  'איך בלש תפס גמד רוצח עז קטנה? שָׁלוֹם עֲלֵיכֶם',
  'نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر. السَّلامُ عَلَيْكُم ٠١٢٣٤٥٦٧٨٩',
  'सभी मनुष्य स्वतंत्र जन्म लेते हैं। क्षत्रिय ज्ञान १२३४५',
  'সমস্ত মানুষ স্বাধীনভাবে জন্মগ্রহণ করে। ১২৩',
  'தமிழ் மொழி அழகானது. யாமறிந்த மொழிகளிலே',
  'มนุษย์ทั้งหลายเกิดมามีอิสระ ๑๒๓๔ น้ำใจ',
  'ທຸກຄົນເກີດມາມີກຽດສັກສີ. ខ្ញុំស្រឡាញ់ភាសាខ្មែរ။ မြန်မာစာ',
  '人人生而自由，在尊严和权利上一律平等。《紅樓夢》「你好」，２０２６年。',
  'すべての人間は、生まれながらにして自由であり、ｶﾀｶﾅ と ひらがな、パーセント％。',
  '모든 인간은 태어날 때부터 자유로우며 한글 ㄱㄴㄷ ㅏㅑ',
  'Tiếng Việt có dấu: Hồ Chí Minh, đường, Nguyễn, ệ ộ ữ',
  'ქართული ენა · Հայերեն լեզու · አማርኛ ፩፪፫ · ᏣᎳᎩ · ᠮᠣᠩᠭᠣᠯ · བོད་སྐད།',
  '👩‍👩‍👧‍👦 👍🏽 🇫🇷🇯🇵 ❤️ ☕️ 🏳️‍🌈 1️⃣ 🤷🏻‍♂️ 🫠 👨🏿‍🚀',
  'for (let i = 0; i < n; ++i) { sum += a[i] * b[i]; } // O(n)\n\tif (x != null && !done) return `${x}`;\r\n',
  'def f(x: int = 3) -> str:\n    """doc"""\n    return f"{x!r:>10}" if x % 2 else None  # noqa\n\n\n',
  '<div class="a b" data-x=\'1\'>&nbsp;&lt;</div><!-- c --><br/>\n\n  <p>\n',
  'SELECT * FROM t WHERE a >= 10 AND b <> \'x\' ORDER BY 1 DESC;\n--\n',
  'https://example.org/path/?q=a%20b&c=d#frag user.name+tag@mail.example 192.168.0.1 ::1 C:\\dir\\f.txt',
  '0 1 12 123 1234 12345 123456 1234567 3.14159 -2.5e-10 1,000,000.00 0x1F 1/2 ½ ² ³ ⅷ Ⅷ ① ㊿ 五 ৭ 𝟙𝟚𝟛 ₂ ⁵',
  '   leading and trailing   ', '\t\ttabs\t\tand \t mixed \t\n \n  \n\n x', 'a  b   c    d     e      f',
  'line\nline\r\nline\rline\n\n\nline\n \nline \n', '\u00a0no\u00a0break\u2003em\u2009thin\u3000wide\u200bzero\u2028sep\u2029par\u0085nel\u1680\u202f\u205f',
  '!!! ??? ... …… ---- ____ **** #### ~~~~ "quoted" ‘single’ “double” „low“ (a)[b]{c}<d> $5 €5 £5 ¥5 50% §3 ©®™ °C ±1 ×÷ ≤≥≠ ∑∫√∞ →⇒',
  '`back` ^caret^ |pipe| a+b=c a<b>c $x$ ~t~ `` ++ == <> || ^^ $$',
  'e\u0301 vs é, n\u0303 vs ñ, \u0301alone, Å Å ﬁ ﬂ Ⅳ ａｂｃ ＡＢＣ ｱ 각 각',
  'Z̴a̷l̵g̶o̸ t̴͎̀e̸̬͐x̵͉̌t̶̘̀ \u0300\u0301\u0302',
  '𝒜𝓁𝑔𝑒𝒷𝓇𝒶 𝔊𝔬𝔱𝔥𝔦𝔠 𐌰𐌱𐌲 𓀀𓀁 𒀀𒀁 🂡 𠮷野家 \u{1F9D1}\u200d\u{1F4BB}',
  "'s 't 're 've 'm 'll 'd 'S 'T 'RE 'VE 'M 'LL 'D ''s 's's 'sx x'S's ’s ’t don’t 'ſ 'K",
  '\u0000\u0001\u0002\u0007\u0008\u001b[0m\u007f\u0080\u009f\u00ad\ufeff\ufffd\ufffe',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'AaBbCc XMLHttpRequest snake_case_name kebab-case-name SCREAMING_CASE camelCase123abc456',
  '<|endoftext|> <|eot_id|> <|begin_of_text|> <|not_a_token|> <s> </s> [INST] <0x41>',
];

/** Ranges to draw single characters from, so that properties of rare characters matter as well. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x20, 0x7e], [0xa0, 0x17f], [0x250, 0x36f], [0x370, 0x3ff], [0x400, 0x52f], [0x531, 0x5f4], [0x600, 0x6ff], [0x900, 0x97f],
  [0xe00, 0xe7f], [0x10a0, 0x10ff], [0x1e00, 0x1fff], [0x2000, 0x206f], [0x2070, 0x218f], [0x2190, 0x23ff], [0x2460, 0x27bf],
  [0x2c00, 0x2dff], [0x3000, 0x30ff], [0x3100, 0x33ff], [0x4e00, 0x9fff], [0xa000, 0xa4cf], [0xa640, 0xa7ff], [0xac00, 0xd7a3],
  [0xf900, 0xfaff], [0xfb00, 0xfdff], [0xfe00, 0xffef], [0x10000, 0x1018f], [0x10280, 0x103ff], [0x11000, 0x1124f], [0x12000, 0x1239f],
  [0x13000, 0x1342f], [0x1d400, 0x1d7ff], [0x1ee00, 0x1eeff], [0x1f100, 0x1f1ff], [0x1f300, 0x1faff], [0x20000, 0x2a6df],
];

const GLUE = ['', ' ', '  ', '   ', '\n', '\n\n', ' \n', '\n ', '\r\n', '\t', ' \t', '\u00a0', '\u3000', '1', '12', '1234', "'", "'s", '.', '-', '_', ', ', '"'];

/** `count` strings; the first are the sentences themselves. */
export function texts(count: number, seed: number): string[] {
  const random = new Random(seed);
  const pick = <T>(list: readonly T[]): T => at(list, random.below(list.length));
  const slice = (): string => {
    const chars = Array.from(pick(SENTENCES));
    const start = random.below(chars.length);
    return chars.slice(start, start + 1 + random.below(24)).join('');
  };
  const strange = (): string => Array.from({ length: 1 + random.below(6) }, () => {
    const [low, high] = pick(RANGES);
    return String.fromCodePoint(low + random.below(high - low + 1));
  }).join(random.below(3) === 0 ? pick(GLUE) : '');
  const out = ['', ' ', '\n', ...SENTENCES];
  while (out.length < count) {
    let text = '';
    for (let parts = 1 + random.below(5); parts > 0; parts--) text += (random.below(3) === 0 ? strange() : slice()) + pick(GLUE);
    out.push(text);
  }
  return out;
}
