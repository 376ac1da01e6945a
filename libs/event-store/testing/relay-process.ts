import type { Failpoint } from '@latchkey/kernel';
import { atFailpoint } from '@latchkey/testing';
import { Relay, type RelayHealth } from '../relay/relay';
import type { OutgoingMessage } from '../relay/publisher';
import { openInstance } from './service-database';

/** What the process is to do; the one argument, as JSON. */
export interface RelayTask {
  readonly url: string;
  readonly leaseMs: number;
  /** Goes no further than this. */
  readonly hangAt?: Failpoint;
}

/** One line of the process's output. */
export type RelayLine =
  | { readonly what: 'role'; readonly role: RelayHealth['role'] }
  | { readonly what: 'published'; readonly position: string }
  | { readonly what: 'hangs' };

const say = (line: RelayLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const hang = (): Promise<void> => {
  say({ what: 'hangs' });
  return new Promise(() => undefined);
};

async function main(task: RelayTask): Promise<void> {
  if (task.hangAt) atFailpoint(task.hangAt, hang);
  const relay = new Relay({
    dataSource: await openInstance(task.url, 'relay-process'),
    publisher: {
      publish: async (messages: readonly OutgoingMessage[]) => {
        for (const message of messages) {
          const { position } = JSON.parse(message.value.toString('utf8')) as { position: string };
          say({ what: 'published', position });
        }
      },
    },
    source: 'latchkey/issuance',
    topic: 'latchkey.keys.v1',
    leaseMs: task.leaseMs,
    standbyPollMs: 20,
  });
  let role: RelayHealth['role'] | undefined;
  setInterval(() => {
    if (relay.health().role !== role) say({ what: 'role', role: (role = relay.health().role) });
  }, 2);
  relay.start();
}

void main(JSON.parse(process.argv[2] ?? '') as RelayTask);
