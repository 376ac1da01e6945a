export { auditMigrations } from './adapters/migrations';
export { AuditModule, type AuditOptions } from './audit.module';
