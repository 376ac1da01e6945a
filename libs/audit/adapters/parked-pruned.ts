import type { Logger } from '@latchkey/platform';
import { Counter, type Registry } from 'prom-client';

/** Shows operators that parked messages were deleted: `latchkey_audit_parked_pruned_total`, and a line in the log. */
export function parkedPrunedReport(registry: Registry, logger: Logger): (messages: number) => void {
  const counter = new Counter({
    name: 'latchkey_audit_parked_pruned_total',
    help: 'Parked messages of decisions that were deleted after their time.',
    registers: [registry],
  });
  return (messages) => {
    counter.inc(messages);
    logger.warn({ messages }, 'parked messages of decisions were deleted after their time');
  };
}
