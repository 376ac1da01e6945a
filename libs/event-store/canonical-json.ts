import { AppError } from '@latchkey/kernel';
import canonicalize from 'canonicalize';

/** How half a surrogate pair is written; a backslash of the text itself is written twice. */
const HALF_A_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/**
 * Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a digest of an event means something.
 * @throws AppError `request.invalid` for a text that is not Unicode (RFC 8785 §3.2.2.2), `Error` for a value that is not JSON
 */
export function canonicalJson(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new AppError('service.internal', { internal: 'not a JSON value' });
  if (HALF_A_PAIR.test(text)) throw new AppError('request.invalid', { internal: 'half a surrogate pair' });
  return Buffer.from(text, 'utf8');
}
