import { AppError } from '@latchkey/kernel';
import canonicalize from 'canonicalize';

/**
 * Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a digest of an event means something.
 * @throws AppError `service.internal` for a value that JSON cannot hold
 */
export function canonicalJson(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new AppError('service.internal', { internal: 'not a JSON value' });
  return Buffer.from(text, 'utf8');
}
