import { ofEachOwner } from '@latchkey/contracts';
import { setTimeout as pause } from 'node:timers/promises';
import { liveStateContract } from '../live-state.contract';
import { startOwners } from '../testing/owners';
import { ExclusiveLease } from './exclusive-lease';
import { MemoryLiveState } from './memory-live-state';

liveStateContract('in memory', async () => {
  const owners = await startOwners();
  const onLost = (reason: Error) => {
    throw reason;
  };
  const lease = await ExclusiveLease.take({ dataSource: owners.dataSource('issuance'), onLost });
  if (lease === null) throw new Error('another process holds the lock on a fresh database');
  await pause(lease.soleInMs());
  let silent = false;
  const live = new MemoryLiveState({
    lease,
    dataSources: ofEachOwner(owners.dataSource),
    owners: {
      read: (owner, refs) => (silent ? Promise.reject(new Error('stopped')) : owners.reader.read(owner, refs)),
    },
  });
  live.start();
  return {
    access: live,
    via: 'memory',
    change: async (change) => live.settle([await owners.write(change)]),
    stopOwners: () => void (silent = true),
    startOwners: () => void (silent = false),
    async stop() {
      await live.stop();
      await lease.release();
      await owners.stop();
    },
  };
});
