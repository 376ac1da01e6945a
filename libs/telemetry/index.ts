export type { Entries, NodeRef, TelemetryKind } from './ports';
export type { RecordLog } from './prom-record-report';
export * from './running-record';
