/** What a gRPC client says at the head of every call (RFC 7541). */

/** Fields of the static table: `:method: POST`, `:scheme: http`; and the names of what we say ourselves. */
const [METHOD_POST, SCHEME_HTTP] = [0x83, 0x86];
const PATH = 4;
const AUTHORITY = 1;
const CONTENT_TYPE = 31;
const NEW_NAME = 0;
const REMEMBERED = 0x40;
const INDEXED = 0x80;
/** Where the field is that was remembered last. */
const FIRST_REMEMBERED = 62;

const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);

/** Of the first call on a connection: fields that the server shall remember. `path` has at most 126 characters. */
export const firstHeaders = (path: string): Buffer =>
  Buffer.concat([
    Buffer.from([METHOD_POST, SCHEME_HTTP, REMEMBERED | PATH]),
    text(path),
    Buffer.from([REMEMBERED | AUTHORITY]),
    text('127.0.0.1'),
    Buffer.from([REMEMBERED | CONTENT_TYPE]),
    text('application/grpc'),
    Buffer.from([REMEMBERED | NEW_NAME]),
    text('te'),
    text('trailers'),
  ]);

/** Of every later call: the same by their numbers. */
export const LATER_HEADERS: Buffer = Buffer.from([
  METHOD_POST,
  SCHEME_HTTP,
  ...[3, 2, 1, 0].map((place) => INDEXED | (FIRST_REMEMBERED + place)),
]);
