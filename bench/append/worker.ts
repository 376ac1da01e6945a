// Appends as fast as it is told to: writer and load in one process, as the server that is measured is Postgres's client.
import { once } from 'node:events';
import type { Load } from '../contender';
import { closedLoop } from '../load/closed-loop';
import { openWriter, requireDurability, type WriterName } from './writers';

export interface WorkerOptions {
  readonly writer: WriterName;
  readonly databaseUrl: string;
  readonly connections: number;
}

async function work(): Promise<void> {
  const [{ writer, databaseUrl, connections }] = (await once(process, 'message')) as [WorkerOptions];
  await requireDurability(databaseUrl);
  const write = await openWriter[writer](databaseUrl, connections);
  process.on('message', (load: Load) => void closedLoop(load, write).then((measured) => process.send?.(measured)));
  process.once('disconnect', () => process.exit());
  process.send?.({});
}

void work();
