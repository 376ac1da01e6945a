import { isAppError } from '@latchkey/kernel';
import { parseInput } from '@latchkey/platform';
import { keyListing } from './key-list-query';

/** What is said of a query that is refused. */
const said = (query: object): unknown => {
  try {
    return parseInput(keyListing.query, query, 'query');
  } catch (error) {
    return isAppError(error, 'request.invalid') ? [error.field, error.public] : error;
  }
};

describe('the list of keys says what is wrong with', () => {
  it.each(['-1', '1.5', '1e3', '99999999999', 'all'])('a number of days: %s', (days) =>
    expect(said({ unused_for_days: days })).toEqual([
      'unused_for_days',
      '"unused_for_days" must be a whole number from 1 to 3650.',
    ]),
  );

  it.each(['sort_by', 'sort_order', 'status'])('%s beside secret_before, which sorts and chooses by itself', (name) => {
    const value = { sort_by: 'name', sort_order: 'asc', status: 'active' }[name];
    expect(said({ secret_before: '2027-01-01T00:00:00Z', [name]: value })).toEqual([
      name,
      `"${name}" must not stand beside "secret_before".`,
    ]);
  });
});
