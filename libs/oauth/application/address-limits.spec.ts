import { FakeClock } from '@latchkey/testing';
import { AddressLimits } from './address-limits';

describe('what one address may ask', () => {
  const given = () => {
    const clock = new FakeClock();
    const limits = new AddressLimits({
      ...{ requestsPerMinute: 3, failuresPerMinute: 4, failuresOfOnePerMinute: 2, clock },
    });
    const requests = (...networks: string[]) => networks.map((network) => limits.request(network) === null);
    let worked = 0;
    /** Whether it was tried. */
    const tries = async (name: string | null, fails: boolean, network = 'here') => {
      const before = worked;
      const work = async () => (worked += 1);
      await limits.attempt({ network, name }, work, () => fails);
      return worked > before;
    };
    return { clock, limits, requests, tries };
  };

  it('is so many requests in any minute, each address for itself', () => {
    const { clock, limits, requests } = given();
    expect(requests('here', 'here', 'here', 'here', 'there')).toEqual([true, true, true, false, true]);
    clock.advance(59_000);
    expect(limits.request('here')).toEqual({ kind: 'too_many', retryAfterSeconds: 1 });
    clock.advance(1_000);
    expect(requests('here')).toEqual([true]);
  });

  it('is as many good authentications as it likes', async () => {
    const { tries } = given();
    for (let each = 0; each < 20; each += 1) expect(await tries('one', false)).toBe(true);
  });

  it('is so many failures in any minute, of which one name has a share', async () => {
    const { clock, tries } = given();
    expect([await tries('one', true), await tries('one', true), await tries('one', false)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([await tries('other', true), await tries(null, true), await tries('third', false)]).toEqual([
      ...[true, true],
      false,
    ]);
    expect(await tries('third', false, 'there')).toBe(true);
    clock.advance(60_000);
    expect(await tries('one', false)).toBe(true);
  });

  it('is no more of them where many are tried at once', async () => {
    const { tries } = given();
    const tried = await Promise.all(Array.from({ length: 50 }, (_, name) => tries(`${name}`, true)));
    expect(tried.filter(Boolean)).toHaveLength(4);
  });

  it('is all that are good where many are tried at once: those that find no room wait for those before them', async () => {
    const { tries } = given();
    const tried = await Promise.all(Array.from({ length: 50 }, () => tries('one', false)));
    expect(tried.filter(Boolean)).toHaveLength(50);
  });

  it('is given back what broke off', async () => {
    const { limits, tries } = given();
    const breaks = () => Promise.reject(new Error('away'));
    for (let each = 0; each < 10; each += 1)
      await expect(limits.attempt({ network: 'here', name: 'one' }, breaks, () => true)).rejects.toThrow('away');
    expect(await tries('one', false)).toBe(true);
  });

  it('is remembered of so many addresses, whatever strangers have', async () => {
    const { tries } = given();
    for (const name of ['a', 'b', 'c', 'd']) await tries(name, true);
    expect(await tries('e', false)).toBe(false);
    for (let stranger = 0; stranger < 20_000; stranger += 1) await tries(null, true, `network ${stranger}`);
    expect(await tries('e', false)).toBe(true);
  });
});
