import fc from 'fast-check';
import { formDecoded, parseForm } from './form';

const entries = (body: string) => Object.fromEntries(parseForm(body));

describe('a form', () => {
  it('is read as curl sends it, with a space as it is (S1-08)', () =>
    expect(entries('grant_type=client_credentials&client_id=a&client_secret=b&scope=assets:read scans:write')).toEqual({
      grant_type: 'client_credentials',
      client_id: 'a',
      client_secret: 'b',
      scope: 'assets:read scans:write',
    }));

  it('is read as others encode it', () =>
    expect(entries('scope=assets%3Aread+scans%3Awrite&x=%E2%82%AC&y=%3D%26')).toEqual({
      scope: 'assets:read scans:write',
      x: '€',
      y: '=&',
    }));

  it('treats a parameter without a value as none (RFC 6749 §3.2)', () =>
    expect(entries('scope=&client_id&grant_type=x&')).toEqual({ grant_type: 'x' }));

  it('has none where it is empty', () => expect(parseForm('').size).toBe(0));

  it.each([
    ['a parameter twice', 'scope=a&scope=b'],
    ['a parameter twice with one value', 'scope=a&scope=a'],
    ['a parameter twice, once without a value', 'scope=a&scope='],
    ['a parameter twice, once encoded', 'scope=a&sc%6Fpe=b'],
    ['a parameter twice that nobody knows', 'x=a&x=b'],
    ['a broken escape', 'scope=%zz'],
    ['half an escape', 'scope=%4'],
    ['bytes that are not UTF-8', 'scope=%ff'],
    ['half a character', 'scope=%E2%82'],
    ['a character that is not encoded', 'scope=é'],
    ['a line break', 'scope=a\r\nb'],
    ['a multipart body', '--x\r\nContent-Disposition: form-data; name="scope"\r\n\r\na'],
    ['very many parameters', Array.from({ length: 51 }, (_, index) => `p${index}=1`).join('&')],
  ])('refuses %s', (_, body) =>
    expect(() => parseForm(body)).toThrow(expect.objectContaining({ error: 'invalid_request', status: 400 })),
  );

  it('gives back whatever URLSearchParams has encoded', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) =>
        expect(parseForm(new URLSearchParams({ value }).toString()).get('value') ?? '').toBe(value),
      ),
    ));

  it('never throws but to refuse', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => typeof formDecoded(text) === 'string' || formDecoded(text) === null,
      ),
    ));
});
