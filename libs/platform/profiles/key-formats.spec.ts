import { foreignPrefixes, useForeignPrefixes } from '@latchkey/access';
import { ConfigError } from '../config/load-config';
import { useKeyFormats } from './key-formats';

describe('what keys from elsewhere begin with', () => {
  afterEach(() => useForeignPrefixes([]));

  it('is what the variable says', () => {
    useKeyFormats({ LATCHKEY_FOREIGN_PREFIXES: 'acme_live_, legacy_' });
    expect(foreignPrefixes()).toEqual(['acme_live_', 'legacy_']);
  });

  it.each([[undefined], ['']])('is nothing where the variable is %p', (value) => {
    useKeyFormats({ LATCHKEY_FOREIGN_PREFIXES: value });
    expect(foreignPrefixes()).toEqual([]);
  });

  it.each(['acme', 'acme_,', 's4e_live_', 'acme_live_;legacy_'])('is refused where it is %s', (value) =>
    expect(() => useKeyFormats({ LATCHKEY_FOREIGN_PREFIXES: value })).toThrow(ConfigError),
  );
});
