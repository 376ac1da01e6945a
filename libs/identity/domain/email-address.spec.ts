import { parseEmailAddress } from './email-address';

describe('an e-mail address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['  Ada@Example.COM ', 'ada@example.com'],
    ['Ａｄａ＠example.com', 'ada@example.com'],
    ['ada+keys@example.com', 'ada+keys@example.com'],
    ["o'neill@example.com", "o'neill@example.com"],
    ['ada@Bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['JOSE\u0301@example.com', 'josé@example.com'],
    ['admin@localhost.localdomain', 'admin@localhost.localdomain'],
  ])('%s is compared as %s', (text, canonical) => expect(parseEmailAddress(text)?.canonical).toBe(canonical));

  it('is written as it was given', () =>
    expect(parseEmailAddress(' Ada@Bücher.example ')?.written).toBe('Ada@Bücher.example'));

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@192.0.2.1',
    'ada@[192.0.2.1]',
    'ada@example..com',
    'ada@-example.com',
    'ada@example.com:25',
    'ada@example.com/x',
    'ada@ex%61mple.com',
    'a b@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'ada@example.com, eve@example.com',
    'Ada <ada@example.com>',
    '"ada"@example.com',
    'ada@eve@example.com',
    '.ada@example.com',
    'a..da@example.com',
    'ada\u200b@example.com',
    'ada\u0000@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a.'.repeat(130)}com`,
  ])('is not %j', (text) => expect(parseEmailAddress(text)).toBeNull());
});
