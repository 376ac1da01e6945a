import fc from 'fast-check';
import { clientIp } from './client-ip';
import { formatIpAddress, parseIpAddress } from './ip-address';
import { ipAllowed, ipMatcher } from './ip-list';
import { parseIpRange } from './ip-range';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();
const normal = (text: string) => {
  const address = parseIpAddress(text);
  return address && formatIpAddress(address);
};
const rangeText = (text: string) => {
  const parsed = parseIpRange(text);
  return parsed.kind === 'range' ? parsed.range.text : parsed.kind;
};

describe('an address', () => {
  it('in normal form is read back as itself', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (text) => {
        const form = normal(text) ?? '';
        expect(normal(form)).toBe(form);
        expect(parseIpAddress(form)).toEqual(parseIpAddress(text));
      }),
    );
  });

  it('written as IPv4-mapped IPv6 is the same address', () => {
    fc.assert(
      fc.property(ipv4, (text) => {
        const spellings = [`::ffff:${text}`, `::FFFF:${text}`, `0:0:0:0:0:ffff:${text}`, `0000::ffff:${text}`];
        expect(spellings.map(normal)).toEqual(spellings.map(() => text));
      }),
    );
  });

  it.each([
    ['::ffff:102:304', '1.2.3.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['::1.2.3.4', '::102:304'],
    ['::', '::'],
  ])('%s is %s', (text, form) => {
    expect(normal(text)).toBe(form);
  });

  it.each([
    ...[
      '010.0.0.1',
      '0x0a.0.0.1',
      '0x0a000001',
      '167772161',
      '012',
      '10.1',
      '10.0.1',
      '10.0.0.01',
      '10.0.0.256',
      '10.0.0.0.1',
    ],
    ...[
      '10.0.0.1.',
      '.10.0.0.1',
      '10.0.0.1 ',
      ' 10.0.0.1',
      '10.0.0.-1',
      '1e1.0.0.1',
      '٣.0.0.1',
      '10.0.0.1\n',
      '10.0.0.1:80',
    ],
    ...[
      '::ffff:010.0.0.1',
      '::ffff:0x0a.0.0.1',
      '::ffff:10.1',
      '::ffff:167772161',
      'fe80::1%eth0',
      'fe80::1%1',
      '[::1]',
      '[::1]:80',
    ],
    ...[
      '1::2::3',
      ':1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '12345::',
      '::g',
      '1.2.3.4::',
      '::1.2.3.4:5',
      '',
      ':',
      'localhost',
    ],
  ])('in another form is refused: %p', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
    expect(parseIpRange(text)).toEqual({ kind: 'invalid' });
  });
});

describe('a range', () => {
  it.each([
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['198.51.100.50', '198.51.100.50'],
    ['198.51.100.50/32', '198.51.100.50'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1/128', '::1'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::ffff:10.0.0.1/128', '10.0.0.1'],
  ])('%s has the normal form %s', (text, form) => {
    expect(rangeText(text)).toBe(form);
    expect(rangeText(form)).toBe(form);
  });

  it.each([
    ...[
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/08',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/8 ',
      '10.0.0.0/255.0.0.0',
      '10.0.0.0/1e1',
    ],
    ...['::/129', '::ffff:10.0.0.0/95', '::ffff:10.0.0.0/8', '/8', '10/8', '10.0.0.0/+8', '*', `${'0'.repeat(60)}::/8`],
  ])('%p is refused', (text) => {
    expect(rangeText(text)).toBe('invalid');
  });

  it('with host bits is refused with the range that may be meant', () => {
    expect(parseIpRange('203.0.113.7/24')).toEqual({ kind: 'host_bits', suggestion: '203.0.113.0/24' });
    expect(parseIpRange('2001:db8::1/64')).toEqual({ kind: 'host_bits', suggestion: '2001:db8::/64' });
  });

  it('has exactly the addresses that share its first bits', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (inside, other, length) => {
        const bits = (text: string) =>
          text
            .split('.')
            .map((part) => Number(part).toString(2).padStart(8, '0'))
            .join('')
            .slice(0, length);
        const parsed = parseIpRange(`${inside}/${length}`);
        const text = parsed.kind === 'range' ? parsed.range.text : parsed.kind === 'host_bits' ? parsed.suggestion : '';
        const matches = ipMatcher([text]);
        expect(matches(inside)).toBe(true);
        expect(matches(`::ffff:${inside}`)).toBe(true);
        expect(matches(other)).toBe(bits(other) === bits(inside));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a list', () => {
  const list = ['203.0.113.0/24', '198.51.100.50', '2001:db8::/32'];

  it.each([
    ['203.0.113.0', true],
    ['203.0.113.255', true],
    ['203.0.114.0', false],
    ['203.0.112.255', false],
    ['198.51.100.50', true],
    ['198.51.100.51', false],
    ['::ffff:198.51.100.50', true],
    ['2001:db8:ffff::1', true],
    ['2001:db9::', false],
    ['', false],
    ['0306.063.0144.062', false],
  ])('lets %p in: %p', (ip, allowed) => {
    expect(ipAllowed(list, ip)).toBe(allowed);
  });

  it('answers like its entries one by one, in whatever order they stand', () => {
    const entry = fc
      .tuple(fc.constantFrom('10.0.0.', '10.0.1.'), fc.nat(255))
      .map(([start, last]) => start + String(last));
    const entries = fc.array(fc.oneof(entry, fc.constantFrom('10.0.0.0/25', '10.0.0.128/25', '10.0.1.64/26')), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(entries, entry, (texts, ip) => {
        expect(ipMatcher(texts)(ip)).toBe(texts.some((text) => ipMatcher([text])(ip)));
      }),
    );
  });

  it('of any IPv6 address has no IPv4 address', () => {
    expect(ipMatcher(['::/0'])('10.0.0.1')).toBe(false);
  });

  it('that is empty lets all in as an allow list, and has nobody as a list', () => {
    expect([ipAllowed([], '10.0.0.1'), ipMatcher([])('10.0.0.1')]).toEqual([true, false]);
  });
});

describe('the ip of a client (C15)', () => {
  const isTrusted = ipMatcher(['10.0.0.0/8', '::1']);
  const from = (peer: string | undefined, forwardedFor?: string | string[]) =>
    clientIp({ peer, forwardedFor }, isTrusted);

  it.each<[string, string | undefined, string | string[] | undefined, string | undefined]>([
    ['the peer, when it is no trusted proxy, whatever it claims', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the peer in its IPv4 form', '::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['the right-most that is no proxy', '10.0.0.1', '198.51.100.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['so what the client itself wrote is not believed', '10.0.0.1', '10.9.9.9, 1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['over several headers', '10.0.0.1', ['198.51.100.1', '203.0.113.9 , 10.0.0.2'], '203.0.113.9'],
    ['a proxy written as mapped IPv6 is trusted', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the left-most, when all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['the proxy itself, when it passes nothing on', '10.0.0.1', undefined, '10.0.0.1'],
    ['nobody, when a proxy passes on what is no address', '10.0.0.1', '203.0.113.9, unknown', undefined],
    ['nobody, when the peer is not known', undefined, '203.0.113.9', undefined],
    ['not hidden by nonsense further left', '10.0.0.1', 'nonsense, 203.0.113.9', '203.0.113.9'],
  ])('is %s', (_, peer, forwardedFor, ip) => {
    expect(from(peer, forwardedFor)).toBe(ip);
  });

  it('cannot be chosen by a client behind a trusted proxy', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(ipv4, ipv6, fc.string())), (claims) => {
        expect(from('10.0.0.1', [...claims, '203.0.113.9'])).toBe('203.0.113.9');
      }),
    );
  });
});
