import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger';

/** Nest's own messages as lines of our log. Its boot chatter goes to `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug(fieldsOf(context), textOf(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn(fieldsOf(context), textOf(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    const fields = fieldsOf(details.at(-1));
    this.logger.error(message instanceof Error ? { ...fields, err: message } : fields, textOf(message));
  }

  debug(message: unknown, context?: unknown): void {
    this.logger.debug(fieldsOf(context), textOf(message));
  }

  verbose(message: unknown, context?: unknown): void {
    this.logger.trace(fieldsOf(context), textOf(message));
  }

  fatal(message: unknown, context?: unknown): void {
    this.logger.fatal(fieldsOf(context), textOf(message));
  }
}

const fieldsOf = (context: unknown) => (typeof context === 'string' ? { context } : {});
const textOf = (message: unknown) => (message instanceof Error ? message.message : String(message));
