/**
 * A small byte-level BPE for prompts of the golden tests: the llama-bpe split, then the lowest-ranked pair again and
 * again. Special tokens in the text become their ids.
 */
import { at } from './at';
import type { GgufFile } from './gguf-file';

const PIECES =
  /'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

/** The 256 characters that stand for bytes: printable ones for themselves, the others for U+0100 and on. */
function byteAlphabet(): string[] {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}

const CONTROL = 3;
const USER_DEFINED = 4;

export class Tokenizer {
  readonly #tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #specials: ReadonlyMap<string, number>;
  readonly #alphabet = byteAlphabet();
  readonly #bytes: ReadonlyMap<string, number>;

  constructor(file: GgufFile) {
    this.#tokens = file.strings('tokenizer.ggml.tokens');
    this.#ids = new Map(this.#tokens.map((token, id) => [token, id]));
    this.#ranks = new Map(file.strings('tokenizer.ggml.merges').map((merge, rank) => [merge, rank]));
    const types = file.numbers('tokenizer.ggml.token_type');
    const special = (id: number): boolean => at(types, id) === CONTROL || at(types, id) === USER_DEFINED;
    this.#specials = new Map([...this.#ids].filter(([, id]) => special(id)));
    this.#bytes = new Map(this.#alphabet.map((char, byte) => [char, byte]));
  }

  /** The id of a token by its text. */
  id(text: string): number {
    const id = this.#ids.get(text);
    if (id === undefined) throw new Error(`no token ${text}`);
    return id;
  }

  encode(text: string): number[] {
    const out: number[] = [];
    let rest = text;
    while (rest !== '') {
      const found = [...this.#specials.keys()]
        .map((special) => ({ special, index: rest.indexOf(special) }))
        .filter(({ index }) => index >= 0)
        .sort((a, b) => a.index - b.index || b.special.length - a.special.length)[0];
      const plain = found === undefined ? rest : rest.slice(0, found.index);
      for (const piece of plain.match(PIECES) ?? []) out.push(...this.#encodePiece(piece));
      if (found === undefined) break;
      out.push(this.id(found.special));
      rest = rest.slice(found.index + found.special.length);
    }
    return out;
  }

  #encodePiece(piece: string): number[] {
    let parts = Array.from(new TextEncoder().encode(piece), (byte) => at(this.#alphabet, byte));
    const whole = this.#ids.get(parts.join(''));
    if (whole !== undefined) return [whole];
    for (;;) {
      const ranks = parts.slice(1).map((right, i) => this.#ranks.get(`${at(parts, i)} ${right}`) ?? Infinity);
      const best = Math.min(...ranks);
      if (best === Infinity) return parts.map((part) => this.id(part));
      const i = ranks.indexOf(best);
      parts = [...parts.slice(0, i), at(parts, i) + at(parts, i + 1), ...parts.slice(i + 2)];
    }
  }

  decode(ids: readonly number[]): string {
    const bytes: number[] = [];
    for (const id of ids) {
      const token = at(this.#tokens, id);
      if (this.#specials.has(token)) bytes.push(...new TextEncoder().encode(token));
      else for (const char of token) bytes.push(this.#bytes.get(char) ?? 63);
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }
}
