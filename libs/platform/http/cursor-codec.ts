import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError, type Secret } from '@latchkey/kernel';
import { z } from 'zod';

/** Where a page ended: the sort of its list, and the sort columns of its last item. */
export interface Cursor {
  readonly sort: string;
  readonly after: readonly (string | number | null)[];
  /** What the list was asked for, where a page must not ask for something else. */
  readonly query?: Readonly<Record<string, string>>;
}

const cursorSchema = z.strictObject({
  sort: z.string(),
  after: z.array(z.union([z.string(), z.number(), z.null()])),
  query: z.record(z.string(), z.string()).exactOptional(),
});

const MAC_BYTES = 16;

/**
 * Cursors that a client can neither read meaning into nor change (C6): `<payload>.<HMAC-SHA-256, first 128 bits>`.
 * The signature covers the name of the list, so a cursor of one list (or workspace, if the name holds it) is refused by another.
 */
export class CursorCodec {
  readonly #key: Buffer;

  /** `key`: any secret of the installation; the signing key is derived from it, for this use alone. */
  constructor(key: Secret) {
    this.#key = createHmac('sha256', key.reveal()).update('latchkey/cursor/v1').digest();
  }

  encode(list: string, cursor: Cursor): string {
    const { sort, after, query } = cursor;
    const payload = Buffer.from(JSON.stringify({ sort, after, query })).toString('base64url');
    return `${payload}.${this.#sign(list, payload).toString('base64url')}`;
  }

  /** @throws AppError `request.invalid_cursor`: tampered with, of another list, or of another installation. */
  decode(list: string, text: string): Cursor {
    const [payload = '', mac = '', ...rest] = text.split('.');
    const signature = Buffer.from(mac, 'base64url');
    const genuine =
      rest.length === 0 &&
      signature.toString('base64url') === mac &&
      signature.length === MAC_BYTES &&
      timingSafeEqual(signature, this.#sign(list, payload));
    if (!genuine) throw new AppError('request.invalid_cursor', { field: 'cursor' });
    return cursorSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  }

  #sign(list: string, payload: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([list, payload]))
      .digest()
      .subarray(0, MAC_BYTES);
  }
}
