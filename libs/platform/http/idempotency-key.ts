import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { holdsKey } from '@latchkey/access';
import { AppError } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';

const NAME = 'Idempotency-Key';
const VISIBLE = /^[\x21-\x7e]{1,255}$/;
/** A string of RFC 9651 (§3.3.3), as draft-ietf-httpapi-idempotency-key-header has it. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The value of an `Idempotency-Key` header: 1 to 255 visible ASCII characters, quoted or not, which is the same; `null` without one.
 * It is kept for a day, so a secret is refused.
 * @throws AppError `request.invalid`
 */
export function readIdempotencyKey(sent: string | readonly string[] | undefined): string | null {
  if (sent === undefined) return null;
  const text = String(sent);
  const value = text.startsWith('"') ? (QUOTED.exec(text)?.[1] ?? '').replace(/\\(.)/g, '$1') : text;
  if (!VISIBLE.test(value)) {
    throw new AppError('request.invalid', {
      field: NAME,
      public: `The header ${NAME} must have 1 to 255 visible ASCII characters.`,
    });
  }
  if (!holdsKey(value)) return value;
  throw new AppError('request.invalid', { field: NAME, public: `The header ${NAME} must not be a secret.` });
}

export const idempotencyKeyIn = (_: unknown, context: ExecutionContext): string | null =>
  readIdempotencyKey(context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key']);

/** What makes a repeated request known as one (C31). */
export const IdempotencyKey = createParamDecorator<unknown, string | null>(idempotencyKeyIn);
