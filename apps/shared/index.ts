export * from './cluster-config';
export * from './compose';
export * from './first-key';
export * from './guard';
export * from './open';
export * from './redis-owner';
export * from './resources';
export * from './when-available';
