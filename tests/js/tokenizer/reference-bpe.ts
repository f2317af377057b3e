/**
 * Byte-level BPE written down word for word, as slow as that is: the regular expression with Unicode's own white space,
 * then the best merge again and again. It takes bytes, so it also says what broken UTF-8 becomes.
 */

/** Llama 3's, with \s as White_Space: JavaScript's \s lacks U+0085 and has U+FEFF. */
const LLAMA3 = new RegExp(
  [
    "'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])",
    '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+',
    '\\p{N}{1,3}',
    ' ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n]*',
    '\\p{White_Space}*[\\r\\n]+',
    '\\p{White_Space}+(?!\\P{White_Space})',
    '\\p{White_Space}+',
  ].join('|'),
  'gu',
);

/** Broken bytes stand as characters of the last private use plane: like U+FFFD neither letters, numbers nor spaces. */
const BROKEN = 0x10f000;

function characters(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let out = '';
  for (let i = 0; i < bytes.length;) {
    let length = 0;
    for (const n of [1, 2, 3, 4]) {
      try {
        out += decoder.decode(bytes.subarray(i, Math.min(i + n, bytes.length)));
        length = n;
        break;
      } catch {
        continue;
      }
    }
    if (length === 0) {
      out += String.fromCodePoint(BROKEN + (bytes[i] ?? 0));
      length = 1;
    }
    i += length;
  }
  return out;
}

function bytesOf(text: string): number[] {
  return Array.from(text).flatMap((character) => {
    const code = character.codePointAt(0) ?? 0;
    return code >= BROKEN && code < BROKEN + 256 ? [code - BROKEN] : [...new TextEncoder().encode(character)];
  });
}

/** GPT-2's spelling of bytes: printable Latin-1 as itself, the rest from U+0100 on. */
const LETTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => {
    const own = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    return String.fromCodePoint(own ? b : next++);
  });
})();

export class ReferenceBpe {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;

  constructor(tokens: readonly string[], merges: readonly string[]) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    this.#ranks = new Map(merges.map((merge, rank) => [merge, rank]));
  }

  encode(bytes: Uint8Array): number[] {
    return (characters(bytes).match(LLAMA3) ?? []).flatMap((word) => this.#word(word));
  }

  #word(word: string): number[] {
    let symbols = bytesOf(word).map((byte) => LETTERS[byte] ?? '');
    const whole = this.#ids.get(symbols.join(''));
    if (whole !== undefined) return [whole];
    for (;;) {
      let best = Infinity;
      let at = -1;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.#ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) break;
      symbols = [...symbols.slice(0, at), `${symbols[at]}${symbols[at + 1]}`, ...symbols.slice(at + 2)];
    }
    return symbols.map((symbol) => {
      const id = this.#ids.get(symbol);
      if (id === undefined) throw new Error(`no token ${symbol}`);
      return id;
    });
  }
}
