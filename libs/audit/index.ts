export { auditMigrations } from './adapters/migrations';
export { PostgresParkedMessages, type MessagePlace, type ParkedMessage } from './adapters/parked-messages';
export { auditControllers, AuditModule, type AuditOptions } from './audit.module';
