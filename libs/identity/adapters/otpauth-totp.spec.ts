import { Secret } from '@latchkey/kernel';
import { OtpauthTotp } from './otpauth-totp';

/** `12345678901234567890`, the seed of RFC 6238 appendix B. */
const SEED = new Secret('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
const totp = new OtpauthTotp();
const stepOf = (code: string, seconds: number) => totp.stepOf(SEED, new Secret(code), new Date(seconds * 1_000));

describe('codes of authenticator apps', () => {
  // Its table has eight digits, of which an app shows the last six.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('are those of RFC 6238 at %d s', (seconds, code) => {
    expect(stepOf(code, seconds)).toBe(Math.floor(seconds / 30));
  });

  it('are good in their step and the one before and after it, and tell which', () => {
    const step = Math.floor(1_111_111_111 / 30);
    const begin = step * 30;
    expect([begin - 31, begin - 30, begin, begin + 59, begin + 60].map((seconds) => stepOf('050471', seconds))).toEqual(
      [null, step, step, step, null],
    );
  });

  it('have a seed of 160 bits, another one each time', () => {
    const [one, other] = [totp.newSeed(), totp.newSeed()];
    expect(one.reveal()).toMatch(/^[A-Z2-7]{32}$/);
    expect(one.reveal()).not.toBe(other.reveal());
  });

  it('are set up by a URI that every app reads', () => {
    const uri = new URL(totp.uriOf(SEED, 'zoë+1@b.example').reveal());
    expect(`${uri.protocol}//${uri.host}`).toBe('otpauth://totp');
    expect(decodeURIComponent(uri.pathname)).toBe('/Latchkey:zoë+1@b.example');
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Latchkey',
      secret: SEED.reveal(),
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });
});
