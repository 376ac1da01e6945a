import { canonicalJson } from './canonical-json';

const text = (value: unknown): string => canonicalJson(value).toString('utf8');

describe('canonical JSON', () => {
  it('orders members by UTF-16 code units (RFC 8785 §3.2.3)', () => {
    expect(
      text({
        '\u20ac': 'Euro',
        '\r': 'CR',
        '\ufb33': 'Dalet',
        '1': 'One',
        '\ud83d\ude00': 'Smile',
        '\u0080': 'Ctl',
        '\u00f6': 'o',
      }),
    ).toBe('{"\\r":"CR","1":"One","\u0080":"Ctl","ö":"o","€":"Euro","😀":"Smile","\ufb33":"Dalet"}');
  });

  it('writes literals, numbers and strings in one way (RFC 8785 §3.2.2)', () => {
    expect(
      text({
        numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 1e-27],
        string: '\u20ac$\u000f\nA\'"\\\\"/',
        literals: [null, true, false],
      }),
    ).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'\\"\\\\\\\\\\"/"}',
    );
  });

  it('gives the same bytes whatever the order of making', () => {
    expect(canonicalJson({ a: 1, b: { c: 2, d: 3 } })).toEqual(canonicalJson({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it('refuses half a surrogate pair, and only that (RFC 8785 §3.2.2.2)', () => {
    for (const value of ['\ud800', 'a\udfff', { '\udc00': 1 }, '\\\ud83d']) {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'request.invalid' }));
    }
    for (const value of ['\ud83d\ude00', '\\ud800', '\\\\ud800']) expect(JSON.parse(text(value))).toBe(value);
  });

  it('refuses what JSON cannot hold', () => {
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => canonicalJson(value)).toThrow();
  });
});
