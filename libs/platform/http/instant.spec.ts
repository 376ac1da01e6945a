import { instant } from './instant';

describe('a moment in a request', () => {
  it.each([
    ['2027-01-01T02:30:00+02:30', '2027-01-01T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, iso) => expect(instant.parse(text).toISOString()).toBe(iso));

  it.each([
    ['is no time', 'tomorrow'],
    ['has no offset', '2027-01-01T00:00:00'],
    ['is a day that there is not', '2027-02-30T00:00:00Z'],
    ['is in the year 10000, by its offset', '9999-12-31T23:59:59-23:59'],
    ['is before the year 0, by its offset', '0000-01-01T00:00:00+00:01'],
  ])('a text that %s is refused', (_what, text) => expect(instant.safeParse(text).success).toBe(false));
});
