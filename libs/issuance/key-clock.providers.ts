import type { Provider } from '@nestjs/common';
import { TOPICS } from '@latchkey/contracts';
import { TopicReader, type EventBus } from '@latchkey/event-bus';
import type { Clock } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import { PostgresDecisionNodes } from './adapters/clock/postgres-decision-nodes';
import { PostgresDueKeys } from './adapters/clock/postgres-due-keys';
import { PostgresOldSecretUses } from './adapters/clock/postgres-old-secret-uses';
import { PostgresKeyUses } from './adapters/postgres-key-uses';
import { KeyClock } from './application/clock/key-clock';
import type { KeyReaches } from './application/key-reaches';
import type { KeyList, KeyStore } from './application/ports';
import { ReadRotationQuery } from './application/read-rotation.query';
import { NoteUses } from './application/uses/note-uses';
import { CLOCK_EVERY_MS, KeyClockWorker } from './key-clock.worker';

export interface KeyClockOptions {
  readonly dataSource: DataSource;
  /** Where the decisions on keys come from. */
  readonly decisions: Pick<EventBus, 'subscribe'>;
  /** Between two looks at what is due, in ms; 1,000 when absent. */
  readonly keyClockMs?: number | undefined;
}

export interface KeyClockParts {
  readonly keys: KeyStore;
  readonly list: KeyList;
  readonly reaches: KeyReaches;
  readonly clock: Clock;
}

const KEY_CLOCK_MS = 1_000;

/** What becomes of keys by time and by use, without a request. */
export function keyClockProviders(options: KeyClockOptions, { keys, list, reaches, clock }: KeyClockParts): Provider[] {
  const { dataSource, decisions, keyClockMs = KEY_CLOCK_MS } = options;
  const oldSecrets = new PostgresOldSecretUses(dataSource);
  const uses = new NoteUses(new PostgresKeyUses(dataSource), oldSecrets, new PostgresDecisionNodes(dataSource));
  const reading = { group: 'issuance-last-used', topic: TOPICS.decisions, handle: uses.handle.bind(uses) };
  return [
    { provide: TopicReader, useValue: new TopicReader(decisions, reading) },
    { provide: ReadRotationQuery, useValue: new ReadRotationQuery(list, reaches, oldSecrets) },
    { provide: KeyClock, useValue: new KeyClock(new PostgresDueKeys(dataSource), keys, clock) },
    { provide: CLOCK_EVERY_MS, useValue: keyClockMs },
    KeyClockWorker,
  ];
}
