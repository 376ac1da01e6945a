export { PromDecisionCounter } from './adapters/prom-decision-counter';
export { CheckAccess } from './application/check-access';
export type { DecisionCounter } from './application/ports';
export * from './enforcement.module';
export { HOT_ROUTES } from './surfaces/check.routes';
