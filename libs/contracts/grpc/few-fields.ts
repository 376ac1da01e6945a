import { Reader, Type } from 'protobufjs';

const LENGTH_DELIMITED = 2;

/**
 * Whether a message, with those inside it, has at most `most` fields. Two bytes make a field, and a field becomes an object when it is read:
 * whoever reads bounded bytes without looking first may be kept busy by each of them for a thousand times as long as by an honest message.
 * @throws Error for what is no message
 */
export function hasFewFields(type: Type, bytes: Uint8Array, most: number): boolean {
  return bytes.length <= 2 * most || fieldsLeft(type, Reader.create(bytes), bytes.length, most) >= 0;
}

/** What is left of `most` after the fields up to `end`; negative, without reading on, when they are more. */
function fieldsLeft(type: Type, reader: Reader, end: number, most: number): number {
  let left = most;
  while (reader.pos < end && left >= 0) {
    const tag = reader.uint32();
    left -= 1;
    const inner = type.fieldsById[tag >>> 3]?.resolvedType;
    if (inner instanceof Type && (tag & 7) === LENGTH_DELIMITED) {
      const length = reader.uint32();
      left = fieldsLeft(inner, reader, reader.pos + length, left);
    } else reader.skipType(tag & 7);
  }
  return left;
}
