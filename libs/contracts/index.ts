export * from './check';
export * from './events/envelope';
export * from './events/identity-events';
export * from './events/key-events';
export * from './events/registry';
export * from './subjects';
export * from './topics';
