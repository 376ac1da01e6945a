import { Secret } from '@latchkey/kernel';
import { derivedKey, seal, unseal } from './sealing';

describe('a sealed text', () => {
  const key = derivedKey(new Secret('m'.repeat(32)), 'latchkey/test');
  const text = Buffer.from('a text');
  const sealed = seal(key, text, 'mail 1');

  it('opens where it belongs, with its key', () => expect(unseal(key, sealed, 'mail 1')).toEqual(text));

  it('does not open in another place, nor with a key for another use', () => {
    expect(() => unseal(key, sealed, 'mail 2')).toThrow();
    expect(() => unseal(derivedKey(new Secret('m'.repeat(32)), 'latchkey/other'), sealed, 'mail 1')).toThrow();
  });

  it('does not open when any of its bytes was changed, or is missing', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unseal(key, changed, 'mail 1')).toThrow();
      expect(() => unseal(key, sealed.subarray(0, at), 'mail 1')).toThrow();
    }
  });

  it('is another one each time', () => expect(seal(key, text, 'mail 1')).not.toEqual(sealed));
});
