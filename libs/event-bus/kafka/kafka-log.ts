import { logLevel, type LogEntry } from 'kafkajs';
import type { BusLog } from '../event-bus';

/** kafkajs warns of it whenever retries are limited; what it warns of is dealt with by `KafkaPublisher`. */
const UNFOUNDED_WARNING = 'Limiting retries for the idempotent producer may invalidate EoS guarantees';

/** The end of a consumer, which `KafkaSubscription` is told of and logs itself. */
const isCrash = ({ namespace, log }: LogEntry) => namespace === 'Consumer' && log.message.startsWith('Crash: ');

/** What kafkajs tries again by itself. When that does not help it fails whoever asked, and is logged there. */
const RETRIED = new Set(['BrokerPool', 'Producer']);

/** Passes on what kafkajs logs: as a warning only what nobody else tells, and what is more than one attempt that failed. */
export function passOn(log: BusLog, entry: LogEntry): void {
  const { message, ...fields } = entry.log;
  if (message === UNFOUNDED_WARNING) return;
  if (entry.level !== logLevel.ERROR || entry.namespace === 'Connection' || isCrash(entry)) log.debug(fields, message);
  else if (RETRIED.has(entry.namespace)) log.info(fields, message);
  else log.warn(fields, message);
}
