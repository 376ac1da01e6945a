import { throughputRatio } from '../contender';
import { appender, keyCreator } from '../contenders/appenders';
import type { Benchmark } from './benchmark';

export const append: Benchmark = {
  name: 'append',
  title: 'Events appended, each on disk before it is answered',
  concurrency: 16,
  cores: 'server-alone',
  contenders: {
    'event-store': (world) => appender(world, 'event-store'),
    'event-and-row': (world) => appender(world, 'event-and-row'),
    'raw-pg': (world) => appender(world, 'raw-pg'),
    'create-key': keyCreator,
  },
  comparisons: [
    throughputRatio('event-store', 'raw-pg', 0.5),
    throughputRatio('event-and-row', 'raw-pg'),
    throughputRatio('create-key', 'raw-pg'),
  ],
};
