import { openBus, type BusAddress } from './open-bus';
import { versionOf } from './versioned';

/** What the process is to do; the one argument, as JSON. */
export interface ReaderTask {
  readonly address: BusAddress;
  readonly group: string;
  readonly topic: string;
  /** `done`: the handler has done its work when it resolves. `promised`: it only promises to, and never gets to it. */
  readonly acknowledges: 'done' | 'promised';
  /** Dies by SIGKILL between handling this message and keeping its place, counted from 1. */
  readonly dieAfter?: number;
}

/** One line of the process's output per message. */
export interface ReaderLine {
  readonly what: 'done' | 'promised';
  readonly key: string;
  readonly version: number;
}

async function main(task: ReaderTask): Promise<void> {
  const { bus } = await openBus(task.address);
  let handled = 0;
  await bus.subscribe({
    group: task.group,
    topics: [task.topic],
    handle: async (message) => {
      const line: ReaderLine = { what: task.acknowledges, key: message.key, version: versionOf(message) };
      process.stdout.write(`${JSON.stringify(line)}\n`);
      handled += 1;
      if (handled === task.dieAfter) process.kill(process.pid, 'SIGKILL');
    },
    park: () => Promise.reject(new Error('nothing is poison here')),
  });
}

void main(JSON.parse(process.argv[2] ?? '') as ReaderTask);
