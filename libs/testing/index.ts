export * from './backing';
export * from './eventually';
export * from './fake-clock';
export * from './fresh-database';
export * from './redis-process';
export * from './sequential-ids';
export * from './server-process';
