import { isAppError, Secret } from '@latchkey/kernel';
import fc from 'fast-check';
import { CursorCodec } from './cursor-codec';

describe('cursors', () => {
  const codec = new CursorCodec(new Secret('a key of the installation'));
  const cursor = { sort: 'created:desc', after: ['2026-01-01T00:00:00Z', 7, null] };
  const refusal = (list: string, text: string, of = codec): string | undefined => {
    try {
      of.decode(list, text);
      return undefined;
    } catch (error) {
      return isAppError(error) ? `${error.code} ${error.field}` : 'not an AppError';
    }
  };
  const INVALID = 'request.invalid_cursor cursor';

  it('carry their sort and their place', () => {
    expect(codec.decode('keys:w1', codec.encode('keys:w1', cursor))).toEqual(cursor);
  });

  it('carry what their list was asked for', () => {
    const asked = { ...cursor, query: { label: 'Nightly “report”' } };
    expect(codec.decode('keys:w1', codec.encode('keys:w1', asked))).toEqual(asked);
  });

  it('are refused by another list, and by another installation', () => {
    const text = codec.encode('keys:w1', cursor);
    expect(refusal('keys:w2', text)).toBe(INVALID);
    expect(refusal('keys:w1', text, new CursorCodec(new Secret('another key')))).toBe(INVALID);
  });

  it('are refused when any character is changed, added or left out', () => {
    const text = codec.encode('keys', cursor);
    for (let index = 0; index < text.length; index += 1) {
      const other = text[index] === 'A' ? 'B' : 'A';
      expect(refusal('keys', text.slice(0, index) + other + text.slice(index + 1))).toBe(INVALID);
      expect(refusal('keys', text.slice(0, index) + text.slice(index + 1))).toBe(INVALID);
      expect(refusal('keys', `${text.slice(0, index)}=${text.slice(index)}`)).toBe(INVALID);
    }
    expect(refusal('keys', `${text}A`)).toBe(INVALID);
  });

  it('of any other text are refused, never a crash', () => {
    fc.assert(fc.property(fc.string(), (text) => refusal('keys', text) === INVALID));
  });
});
