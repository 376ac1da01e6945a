export * from './edge';
export * from './routes';
export * from './routing';
