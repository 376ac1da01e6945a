import { reach } from '@latchkey/kernel';
import { atFailpoint, disarmFailpoints } from './failpoints';

afterEach(disarmFailpoints);

describe('a failpoint', () => {
  it('does nothing while nobody has loaded anything into the process', () => {
    expect(reach('append.committed')).toBeUndefined();
  });

  it('does once what it is armed with, and no other does', async () => {
    const done: string[] = [];
    atFailpoint('append.committed', async () => void done.push('done'));
    await reach('append.before_commit');
    expect(done).toEqual([]);
    await reach('append.committed');
    await reach('append.committed');
    expect(done).toEqual(['done']);
  });
});
