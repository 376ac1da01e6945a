import { ipv6NetworkOf, networkOf } from './network';

describe('what counts as one address', () => {
  it('is a /64 of IPv6, and an IPv4 address by itself, however it is written', () => {
    expect(networkOf('2001:db8::1')).toBe(networkOf('2001:DB8:0:0:ffff::2'));
    expect(networkOf('2001:db8::1')).not.toBe(networkOf('2001:db8:0:1::1'));
    expect(networkOf('::ffff:192.0.2.1')).toBe(networkOf('192.0.2.1'));
    expect(networkOf('192.0.2.1')).not.toBe(networkOf('192.0.2.2'));
  });

  it('is all that are no address', () => expect(networkOf(undefined)).toBe(networkOf('no address')));
});

describe('a larger network', () => {
  it('is one of IPv6', () => {
    expect(ipv6NetworkOf('2001:db8:0:1::1', 48)).toBe(ipv6NetworkOf('2001:db8:0:2::1', 48));
    expect(ipv6NetworkOf('2001:db8:0:1::1', 48)).not.toBe(ipv6NetworkOf('2001:db8:1::1', 48));
    expect(['192.0.2.1', '::ffff:192.0.2.1', undefined].map((ip) => ipv6NetworkOf(ip, 48))).toEqual([null, null, null]);
  });
});
