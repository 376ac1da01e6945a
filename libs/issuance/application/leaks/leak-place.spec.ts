import { Secret } from '@latchkey/kernel';
import { placeOf } from './leak-place';

const KEY = `s4e_live_${'a1'.repeat(16)}`;
const place = (url: string, source = 'commit', token = KEY) => placeOf({ token: new Secret(token), url, source });

describe('where a secret was found', () => {
  it('is recorded as it was told', () =>
    expect(place('https://git.example/a?x=1#L3', 'Pull_request_title')).toEqual({
      ...{ url: 'https://git.example/a?x=1#L3', source: 'Pull_request_title' },
    }));

  it.each([
    ['as it is', KEY],
    ['encoded', KEY.replaceAll('_', '%5f')],
    ['encoded twice', KEY.replaceAll('_', '%255F')],
    ['broken off', KEY.slice(0, 20)],
    ['of another leak', `lk_live_${'b2'.repeat(20)}`],
  ])('holds no secret %s', (_how, text) => {
    const { url, source } = place(`https://git.example/${text}/a`, text);
    expect([url, source].join()).not.toMatch(/(a1|b2){4}/);
  });

  it('does not hold the secret that was found, whatever its form', () =>
    expect(place('https://git.example/legacy-0123', 'commit', 'legacy-0123').url).toBe('https://git.example/[secret]'));

  it('is one line that any table takes, and no longer than is read', () => {
    expect(place('https://git.example/\r\n\u0000\ud800a\u202eb').url).toBe('https://git.example/ab');
    const { url, source } = place('😀'.repeat(3_000), 'x'.repeat(3_000));
    expect([[...url].length, source.length, url.endsWith('😀')]).toEqual([2_000, 100, true]);
  });
});
