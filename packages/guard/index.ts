export type { CheckRequest, CheckResult, Principal } from '@latchkey/contracts';
export * from './access.guard';
export * from './check-client';
export * from './check-result';
export * from './decorators';
export * from './guard-options';
export * from './guard.module';
export * from './guarded-routes';
export * from './http-check-client';
