import { Client } from 'pg';
import { PreparingClient } from './preparing-client';

describe('a connection that breaks while it is handed over, so that nobody listens', () => {
  const broken = new Error('terminating connection due to unexpected postmaster exit');

  it('ends no process', () => expect(() => new PreparingClient().emit('error', broken)).not.toThrow());

  it('would end it if it were a connection as the driver makes them', () =>
    expect(() => new Client().emit('error', broken)).toThrow(broken.message));
});
