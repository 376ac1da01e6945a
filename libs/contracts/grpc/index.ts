export * from './check-protocol';
