import { Secret } from '@latchkey/kernel';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { formatClientSecret, isClientSecret } from './client-secret';
import { formatKey, parseKey } from './key-format';
import { PROFILES } from './profiles/registry';
import { maskKeys } from './mask-keys';

const profile = fc.constantFrom(...PROFILES);

describe('the secret of an OAuth client', () => {
  it('is known again, and is no key', () =>
    fc.assert(
      fc.property(profile, (of) => {
        const secret = formatClientSecret(of, randomBytes);
        expect(secret).toBeInstanceOf(Secret);
        expect(isClientSecret(secret.reveal())).toBe(true);
        expect(parseKey(secret.reveal())).toEqual({ kind: 'malformed', error: 'shape' });
      }),
    ));

  it('is not what a key is', () =>
    fc.assert(
      fc.property(profile, fc.constantFrom('live' as const, 'test' as const), (of, environment) =>
        expect(isClientSecret(formatKey(of, environment, randomBytes).reveal())).toBe(false),
      ),
    ));

  it('is refused offline when one character of it is another one, or missing', () => {
    for (const of of PROFILES) {
      const text = formatClientSecret(of, randomBytes).reveal();
      for (let at = 0; at < text.length; at += 1) {
        const other = text[at] === 'a' ? 'b' : 'a';
        expect(isClientSecret(text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
        expect(isClientSecret(text.slice(0, at) + text.slice(at + 1))).toBe(false);
      }
    }
  });

  it('never stands in a path that may be logged', () =>
    fc.assert(
      fc.property(profile, (of) => {
        const text = formatClientSecret(of, randomBytes).reveal();
        expect(maskKeys(`/x?client_secret=${text}&y`)).toBe(`/x?client_secret=${of.key.prefix}_client_[secret]&y`);
      }),
    ));
});
