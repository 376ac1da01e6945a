import { Secret } from '@latchkey/kernel';
import { Peppers } from './peppers';

const secret = (value: string) => new Secret(value);
const value = (letter: string) => letter.repeat(32);
const hash = Buffer.alloc(32, 1);

describe('peppers', () => {
  it('are read from the setting, and the newest makes the digests', () => {
    const peppers = Peppers.parse(`1:${value('a')}, 2:${value('b')}`, secret);
    expect(peppers.current(hash)).toEqual({ version: 2, digest: peppers.all(hash)[0] });
    expect(Peppers.parse(value('a'), secret).current(hash)).toEqual({ version: 1, digest: peppers.all(hash)[1] });
  });

  it('a digest is HMAC-SHA-256 of the SHA-256', () =>
    expect(Peppers.parse(value('a'), secret).current(Buffer.alloc(32)).digest.toString('hex')).toBe(
      // printf of 32 zero bytes | openssl dgst -sha256 -hmac aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
      '2383899d0c959ba903aacfe6f1ee02226fab62723f8e9a4e61a8843187ffb603',
    ));

  it.each([
    ['none', ''],
    ['one that is too short', 'short'],
    ['three', `1:${value('a')},2:${value('b')},3:${value('c')}`],
    ['two of one version', `1:${value('a')},1:${value('b')}`],
  ])('%s is refused by the name of the variable, without a value', (_what, setting) => {
    expect(() => Peppers.parse(setting, secret)).toThrow(/^LATCHKEY_PEPPER(?!.*(short|aaaa))/);
  });
});
