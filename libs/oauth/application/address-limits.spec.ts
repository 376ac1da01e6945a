import { FakeClock } from '@latchkey/testing';
import { AddressLimits } from './address-limits';

describe('what one address may ask', () => {
  const given = () => {
    const clock = new FakeClock();
    const limits = new AddressLimits({ requestsPerMinute: 3, failuresPerMinute: 2, clock });
    const requests = (...ips: (string | undefined)[]) => ips.map((ip) => limits.request(ip).allowed);
    return { clock, limits, requests };
  };

  it('is so many requests in any minute, each address for itself', () => {
    const { clock, limits, requests } = given();
    expect(requests('192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2')).toEqual([
      ...[true, true, true, false],
      true,
    ]);
    clock.advance(59_000);
    expect(limits.request('192.0.2.1')).toEqual({ allowed: false, retryAfterSeconds: 1 });
    clock.advance(1_000);
    expect(requests('192.0.2.1')).toEqual([true]);
  });

  it('is one budget for a /64 of IPv6, in whatever spelling, and one for those whose address cannot be told', () => {
    const { requests } = given();
    const inOne = ['2001:db8::1', '2001:db8:0:0:ffff::', '2001:DB8::2', '2001:db8::3'];
    expect(requests(...inOne)).toEqual([true, true, true, false]);
    expect(requests('2001:db8:0:1::1')).toEqual([true]);
    expect(requests(undefined, undefined, undefined, undefined)).toEqual([true, true, true, false]);
  });

  it('is so many failures, which looking at counts nothing of', () => {
    const { clock, limits } = given();
    for (let look = 0; look < 5; look += 1) expect(limits.mayFail('192.0.2.1').allowed).toBe(true);
    limits.failed('192.0.2.1');
    clock.advance(10_000);
    limits.failed('192.0.2.1');
    limits.failed('192.0.2.1');
    expect(limits.mayFail('192.0.2.1')).toMatchObject({ allowed: false });
    expect([limits.mayFail('192.0.2.2').allowed, limits.request('192.0.2.1').allowed]).toEqual([true, true]);
    clock.advance(60_000);
    expect(limits.mayFail('192.0.2.1').allowed).toBe(true);
  });
});
