export * from './live-access';
export * from './subject-changes';
