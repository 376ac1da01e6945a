import { recordedText } from './recorded-text';

const KEY = `lk_live_${'a1'.repeat(22)}`;

describe('a text of a caller’s choice that is recorded', () => {
  it('is as it was when it is short and holds nothing secret', () =>
    expect(recordedText('curl/8.5.0 (x86_64)')).toBe('curl/8.5.0 (x86_64)'));

  it('has 256 characters at most', () => expect(recordedText('x'.repeat(10_000))).toBe('x'.repeat(256)));

  it.each([0, 240, 250, 255])('holds no key, nor a piece of one at the cut, which begins at %i', (place) =>
    expect(recordedText(`${'x'.repeat(place)}${KEY}`)).not.toContain('a1'),
  );
});
