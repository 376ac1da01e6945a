export { PromDecisionCounter } from './adapters/prom-decision-counter';
export { CheckAccess } from './application/check-access';
export type { AdmittedCaller, Callers, CallerVerdict, PresentedCaller } from './application/callers';
export { everyCaller } from './application/callers';
export type { DecisionCounter, DecisionRecord } from './application/ports';
export * from './decision-record';
export * from './enforcement.module';
export { HOT_ROUTES } from './surfaces/check.routes';
export * from './surfaces/grpc/grpc-check-server';
