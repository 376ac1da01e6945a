/** As much of protobuf as it takes to tell whether checks were allowed, without the cost of a whole message. */

const ALLOWED_TAG = 0x08;
const LENGTH_DELIMITED = 2;

/** A result of a check, beginning at `at`: its first field is `allowed`, and is absent when false. */
export const isAllowed = (message: Uint8Array, at = 0): boolean => message[at] === ALLOWED_TAG && message[at + 1] === 1;

interface Varint {
  readonly value: number;
  /** Where it ends. */
  readonly end: number;
}

function varint(bytes: Uint8Array, at: number): Varint {
  let value = 0;
  for (let shift = 0, end = at; ; shift += 7) {
    const byte = bytes[end++];
    if (byte === undefined) throw new Error('a message that is cut off');
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end };
  }
}

/** Calls `take` with where each inner message begins. For messages that consist of inner messages alone. */
export function eachInner(message: Uint8Array, take: (at: number) => void): void {
  for (let at = 0; at < message.length;) {
    const tag = varint(message, at);
    if ((tag.value & 7) !== LENGTH_DELIMITED) throw new Error('not a list of messages');
    const length = varint(message, tag.end);
    take(length.end);
    at = length.end + length.value;
  }
}

/** `NumberedAnswer`: its id, and whether its result allows. */
export function numberedAnswer(message: Uint8Array, at: number): { readonly id: number; readonly allowed: boolean } {
  const id = varint(message, at + 1);
  const length = varint(message, id.end + 1);
  return { id: id.value, allowed: message[id.end] === RESULT_TAG && isAllowed(message, length.end) };
}

const RESULT_TAG = 0x12;

/** A field that is a message. */
export function inner(field: number, message: Uint8Array): Buffer {
  const head = [(field << 3) | LENGTH_DELIMITED];
  let length = message.length;
  for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), message]);
}
