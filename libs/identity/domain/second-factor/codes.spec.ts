import { isOneTimeCode, oneTimeCodeOf, parseRecoveryCode, recoveryCodeOf } from './codes';

describe('a one-time code', () => {
  it('is six ASCII digits', () => {
    expect(['000000', '123456', '999999'].every(isOneTimeCode)).toBe(true);
  });

  it.each(['12345', '1234567', '', ' 12345', '123456 ', '123456\n', '+12345', '-12345', '12 456', '1e5000', '0x1234'])(
    'is not %j',
    (text) => expect(isOneTimeCode(text)).toBe(false),
  );

  it.each(['١٢٣٤٥٦', '１２３４５６', '१२३४५६', '𝟏𝟐𝟑𝟒𝟓𝟔', '12345\u0666'])(
    'is not %s: digits of another script',
    (text) => expect(isOneTimeCode(text)).toBe(false),
  );

  it('has its leading zeros', () => {
    expect([0, 42, 999_999].map(oneTimeCodeOf)).toEqual(['000000', '000042', '999999']);
  });
});

describe('a recovery code', () => {
  const code = recoveryCodeOf(Uint8Array.from([0, 31, 32, 255, 10, 18, 20, 21, 22, 26, 27, 30]));

  it('is shown in groups, without letters that look like digits', () => expect(code).toBe('0Z0Z-AJMN-PTVY'));

  it('is the same in whatever way it was typed', () => {
    for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), 'oz0z-ajmn-ptvy']) {
      expect(parseRecoveryCode(typed)).toBe('0Z0ZAJMNPTVY');
    }
    expect(parseRecoveryCode('iL1I-LlI1-1111')).toBe('111111111111');
  });

  it.each(['', '0Z0Z-AJMN-PTV', '0Z0Z-AJMN-PTVYA', '0Z0Z AJMN PTVY', 'UUUU-UUUU-UUUU', '123456'])('is not %j', (text) =>
    expect(parseRecoveryCode(text)).toBeNull(),
  );
});
