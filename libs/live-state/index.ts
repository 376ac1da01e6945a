export * from './live-access';
export * from './owner';
export * from './subject-changes';
