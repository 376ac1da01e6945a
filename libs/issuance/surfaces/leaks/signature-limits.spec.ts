import { systemClock } from '@latchkey/kernel';
import { SignatureLimits } from './signature-limits';

describe('who sends messages with wrong signatures', () => {
  const failOften = (limits: SignatureLimits, ip: string) => {
    for (let count = 0; count < 30; count += 1) limits.failed(ip);
  };

  it('is refused after 30 in a minute, by any address of the same /64', () => {
    const limits = new SignatureLimits(systemClock);
    failOften(limits, '2001:db8::1');
    expect(() => limits.refuseWhoFailed('2001:db8::2')).toThrow(expect.objectContaining({ code: 'auth.rate_limited' }));
    expect(() => limits.refuseWhoFailed('2001:db8:0:1::1')).not.toThrow();
  });

  it('is remembered among 10,000 at most, so that no number of addresses fills the memory', () => {
    const limits = new SignatureLimits(systemClock);
    failOften(limits, '192.0.2.1');
    for (let other = 0; other < 10_000; other += 1) limits.failed(`10.0.${other >> 8}.${other & 255}`);
    expect(() => limits.refuseWhoFailed('192.0.2.1')).not.toThrow();
  });
});
