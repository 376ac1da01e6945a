import { hasOtherSpelling } from './one-spelling';

const encoded = (code: number) => `%${code.toString(16).padStart(2, '0')}`;

describe('the spelling of an address', () => {
  it('is another one with exactly the characters encoded that need no encoding', () => {
    for (let code = 0; code < 256; code += 1) {
      const unreserved = /[A-Za-z0-9\-._~]/.test(String.fromCharCode(code));
      for (const text of [encoded(code), encoded(code).toUpperCase()])
        expect([text, hasOtherSpelling(`/v1/${text}`)]).toEqual([text, unreserved]);
    }
  });

  it('is not looked for in the query', () => {
    expect(hasOtherSpelling('/v1/check?name=%61')).toBe(false);
    expect(hasOtherSpelling('/v%31/check?name=a')).toBe(true);
  });
});
