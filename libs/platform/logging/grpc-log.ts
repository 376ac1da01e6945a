import { setLogger } from '@grpc/grpc-js';
import { maskKeys } from '@latchkey/access';
import type { Logger } from './logger';

/** A port that cannot be had: whoever asked for it is told too, and tells it in better words. */
const TOLD_ELSEWHERE = /^No address added/;
/** A caller's header that cannot be taken, with its value, which may be a credential. */
const HEADER = /^(Failed to add metadata entry [^:\s]*):[^]*/;

/** What grpc-js would print on standard error goes to the log of this process, without what callers sent. */
export function logGrpc(logger: Logger): void {
  const told =
    (level: 'debug' | 'info' | 'warn') =>
    (...words: readonly unknown[]) => {
      const text = words.map(String).join(' ');
      // Callers must not be able to fill the log, either.
      const lesser = TOLD_ELSEWHERE.test(text) || HEADER.test(text);
      logger[lesser ? 'debug' : level]({ logger: 'grpc-js' }, maskKeys(text.replace(HEADER, '$1')));
    };
  setLogger({ debug: told('debug'), info: told('info'), error: told('warn') });
}
