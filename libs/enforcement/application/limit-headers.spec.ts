import { limitHeaders } from './limit-headers';

const NOW_MS = 1_718_460_060_400;
const second = { name: 'second', limit: 50, remaining: 49, resetAtMs: NOW_MS + 1_000 };
const minute = { name: 'minute', limit: 300, remaining: 287, resetAtMs: 1_718_460_119_100 };
const day = { name: 'day', limit: 100_000, remaining: 99_000, resetAtMs: NOW_MS + 86_400_000 };

describe('headers of the limits', () => {
  it('X-RateLimit describes the minute window, its reset a Unix second that is never too early', () => {
    expect(limitHeaders([second, minute, day], NOW_MS)).toMatchObject({
      'X-RateLimit-Limit': '300',
      'X-RateLimit-Remaining': '287',
      'X-RateLimit-Reset': '1718460120',
    });
  });

  it('the IETF fields describe every window: quota and seconds, then what remains and for how long', () => {
    expect(limitHeaders([second, minute, day], NOW_MS)).toMatchObject({
      'RateLimit-Policy': '"second";q=50;w=1, "minute";q=300;w=60, "day";q=100000;w=86400',
      RateLimit: '"second";r=49;t=1, "minute";r=287;t=59, "day";r=99000;t=86400',
    });
  });

  it('a window that is free again has nothing to wait for', () => {
    expect(limitHeaders([{ ...minute, resetAtMs: NOW_MS - 5_000 }], NOW_MS)['RateLimit']).toBe('"minute";r=287;t=0');
  });

  it('a plan without limits shows none', () => {
    expect(limitHeaders([], NOW_MS)).toEqual({});
  });
});
