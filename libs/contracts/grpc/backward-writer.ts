const INITIAL_BYTES = 65_536;
/** What a call of native code costs more than a loop over so many characters. */
const LOOP_CHARACTERS_MAX = 64;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * Writes a message of protobuf from its end to its beginning: the length of an inner message is known when its turn to be written comes,
 * so nothing is measured beforehand or moved afterwards. Fields are given in reverse. One buffer serves all messages, one after the other.
 */
export class BackwardWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  /** What is written begins here and goes on to the end. */
  #at = INITIAL_BYTES;

  /** The bytes that `write` writes. */
  message<Value>(value: Value, write: (writer: this, value: Value) => void): Buffer {
    this.#at = this.#bytes.length;
    write(this, value);
    return Buffer.from(this.#bytes.subarray(this.#at));
  }

  /** A field that is itself a message. */
  inner<Value>(field: number, value: Value, write: (writer: this, value: Value) => void): void {
    const written = this.#written;
    write(this, value);
    this.#head(field, this.#written - written);
  }

  string(field: number, text: string): void {
    this.#room(text.length * 3);
    this.#head(field, this.#ascii(text) ? text.length : this.#utf8(text));
  }

  strings(field: number, texts: readonly string[]): void {
    for (let index = texts.length - 1; index >= 0; index -= 1) this.string(field, texts[index] ?? '');
  }

  /** A whole number from 0 to 4,294,967,295. */
  uint32(field: number, value: number): void {
    this.#varint(value);
    this.#varint((field << 3) | VARINT);
  }

  bool(field: number, value: boolean): void {
    this.uint32(field, value ? 1 : 0);
  }

  get #written(): number {
    return this.#bytes.length - this.#at;
  }

  #head(field: number, length: number): void {
    this.#varint(length);
    this.#varint((field << 3) | LENGTH_DELIMITED);
  }

  /** Whether the text was written: only if it is short, and has no character beyond ASCII. */
  #ascii(text: string): boolean {
    if (text.length > LOOP_CHARACTERS_MAX) return false;
    const bytes = this.#bytes;
    const start = this.#at - text.length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[start + index] = code;
    }
    this.#at = start;
    return true;
  }

  #utf8(text: string): number {
    const length = Buffer.byteLength(text);
    this.#at -= length;
    this.#bytes.write(text, this.#at, length, 'utf8');
    return length;
  }

  #varint(value: number): void {
    this.#room(5);
    let length = 1;
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
    this.#at -= length;
    let at = this.#at;
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[at++] = (rest & 0x7f) | 0x80;
    this.#bytes[at] = rest;
  }

  #room(bytes: number): void {
    if (this.#at >= bytes) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + bytes));
    const at = larger.length - this.#written;
    this.#bytes.copy(larger, at, this.#at);
    this.#bytes = larger;
    this.#at = at;
  }
}
