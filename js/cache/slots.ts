// A small text kept in a file that may lose power at any byte: two slots, written in turn, each with a number that goes up, its
// length and a checksum. Only the older slot is ever written, so the newer one stays valid until its successor is.
//
//   slot: magic u32 | sequence u32 | length u32 | CRC-32 of sequence, length and text u32 | text        little endian

/** The part of a FileSystemSyncAccessHandle that is needed here. */
export interface SlotFile {
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  flush(): void;
}

/** Bytes of a slot: a URL of some kilobytes and a thousand ranges fit. */
export const slotBytes = 64 * 1024;

const magic = 0x53_4e_52_54; // "TRNS"
const headBytes = 16;

/** A slot's content. */
export interface Slot {
  index: 0 | 1;
  sequence: number;
  text: string;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 255] ?? 0);
  return ~crc >>> 0;
}

/** What the checksum is taken over: the head without magic and checksum, and the text. */
function checksum(slot: Uint8Array): number {
  const covered = new Uint8Array(slot.length - 8);
  covered.set(slot.subarray(4, 12));
  covered.set(slot.subarray(headBytes), 8);
  return crc32(covered);
}

function parseSlot(file: Uint8Array, index: 0 | 1): Slot | undefined {
  const slot = file.subarray(index * slotBytes, (index + 1) * slotBytes);
  if (slot.length < headBytes) return undefined;
  const view = new DataView(slot.buffer, slot.byteOffset, slot.length);
  const sequence = view.getUint32(4, true);
  const length = view.getUint32(8, true);
  if (view.getUint32(0, true) !== magic || length > slot.length - headBytes) return undefined;
  if (checksum(slot.subarray(0, headBytes + length)) !== view.getUint32(12, true)) return undefined;
  return { index, sequence, text: new TextDecoder().decode(slot.subarray(headBytes, headBytes + length)) };
}

/** The newest valid slot of a file's bytes. */
export function newestSlot(file: Uint8Array): Slot | undefined {
  const first = parseSlot(file, 0);
  const second = parseSlot(file, 1);
  if (first === undefined || second === undefined) return first ?? second;
  return second.sequence > first.sequence ? second : first;
}

/** Reads the newest valid slot. */
export function readSlots(file: SlotFile): Slot | undefined {
  const bytes = new Uint8Array(2 * slotBytes);
  return newestSlot(bytes.subarray(0, file.read(bytes, { at: 0 })));
}

/** Writes the text over the older slot and waits until it is safe. Undefined when it is too long. */
export function writeSlot(file: SlotFile, newest: Slot | undefined, text: string): Slot | undefined {
  const body = new TextEncoder().encode(text);
  if (body.length > slotBytes - headBytes) return undefined;
  const index = newest?.index === 0 ? 1 : 0;
  const sequence = (newest?.sequence ?? 0) + 1;
  const slot = new Uint8Array(headBytes + body.length);
  const view = new DataView(slot.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, sequence, true);
  view.setUint32(8, body.length, true);
  slot.set(body, headBytes);
  view.setUint32(12, checksum(slot), true);
  const written = file.write(slot, { at: index * slotBytes });
  if (written !== slot.length) throw new DOMException(`not all of ${slot.length} bytes fitted`, 'QuotaExceededError');
  file.flush();
  return { index, sequence, text };
}
