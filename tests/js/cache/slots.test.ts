import { describe, expect, it } from 'vitest';

import { readSlots, slotBytes, writeSlot, type Slot, type SlotFile } from '../../../js/cache/slots.js';

/** A file in memory that loses power after so many bytes of a write. */
class FakeFile implements SlotFile {
  bytes: Uint8Array<ArrayBuffer>;
  powerBytes = Infinity;
  flushes = 0;

  constructor(bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)) {
    this.bytes = bytes;
  }

  read(into: Uint8Array, { at }: { at: number }): number {
    const part = this.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, { at }: { at: number }): number {
    const part = bytes.subarray(0, Math.min(bytes.length, this.powerBytes));
    if (this.bytes.length < at + part.length) {
      const longer = new Uint8Array(at + part.length);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    this.bytes.set(part, at);
    if (part.length < bytes.length) throw new Error('no power');
    return bytes.length;
  }

  flush(): void {
    this.flushes++;
  }

  copy(): FakeFile {
    return new FakeFile(this.bytes.slice());
  }
}

/** A file in which these texts were written one after the other, and its newest slot. */
function written(...texts: string[]): { file: FakeFile; newest: Slot | undefined } {
  const file = new FakeFile();
  let newest: Slot | undefined;
  for (const text of texts) newest = writeSlot(file, newest, text);
  return { file, newest };
}

describe('a text in two slots', () => {
  it('is the one written last, and safe before the call returns', () => {
    const { file } = written('one', 'two', 'three', 'four');
    expect(readSlots(file)?.text).toBe('four');
    expect(file.flushes).toBe(4);
    expect(readSlots(new FakeFile())).toBeUndefined();
  });

  it('is the old or the new one, wherever a write ends', () => {
    for (const before of [['old'], ['older', 'old'], ['oldest', 'older', 'old and longer than the new one, by far']]) {
      const { file, newest } = written(...before);
      const old = before.at(-1);
      for (let power = 0; power <= 19; power++) {
        const torn = file.copy();
        torn.powerBytes = power;
        let failed = false;
        try {
          writeSlot(torn, newest, 'new');
        } catch {
          failed = true;
        }
        expect(failed).toBe(power < 19); // 16 bytes of head and three of text
        expect(readSlots(torn)?.text).toBe(failed ? old : 'new');
      }
    }
  });

  it('survives the loss of everything that was written after the last flush, in any mixture', () => {
    // The pages of a file reach the disk in any order: here, each byte of the write does or does not.
    const { file, newest } = written('older', 'old');
    const after = file.copy();
    writeSlot(after, newest, 'new');
    for (let lost = 0; lost < 19; lost++) {
      const torn = after.copy();
      torn.bytes[lost] = file.bytes[lost] ?? 0; // the new text is in slot 0
      expect(['old', 'new']).toContain(readSlots(torn)?.text);
    }
  });

  it('is an older one or none when the file is cut off', () => {
    const { file } = written('a', 'bb');
    for (const length of [0, 1, 15, 16]) expect(readSlots(new FakeFile(file.bytes.slice(0, length)))).toBeUndefined();
    for (let length = 17; length < slotBytes + 18; length += length < 40 || length > slotBytes - 5 ? 1 : 997) {
      expect(readSlots(new FakeFile(file.bytes.slice(0, length)))?.text).toBe('a');
    }
    expect(readSlots(file)?.text).toBe('bb');
  });

  it('is an older one when any bit of the newer is wrong', () => {
    const { file } = written('a', '{"ranges":[[0,5]]}');
    for (let at = slotBytes; at < file.bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = file.copy();
        flipped.bytes[at] = (flipped.bytes[at] ?? 0) ^ (1 << bit);
        expect(readSlots(flipped)?.text).toBe('a');
      }
    }
  });

  it('is none when both are damaged', () => {
    const { file } = written('a', 'b');
    file.bytes.fill(255, 0, 20);
    file.bytes.fill(0, slotBytes, slotBytes + 20);
    expect(readSlots(file)).toBeUndefined();
  });

  it('is not written when it is too long', () => {
    const { file, newest } = written('a');
    expect(writeSlot(file, newest, 'x'.repeat(slotBytes))).toBeUndefined();
    expect(readSlots(file)?.text).toBe('a');
  });
});
