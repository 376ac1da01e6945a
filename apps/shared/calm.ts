import type { Logger } from '@latchkey/platform';

const QUIET_MS = 10_000;

/** What fails fails several times a second: it is told at once, and then every ten seconds with how often it has happened since. */
export function calm<Problem>(tell: (problem: Problem, times: number) => void): (problem: Problem) => void {
  let toldAt = -Infinity;
  let times = 0;
  return (problem) => {
    times += 1;
    if (performance.now() - toldAt < QUIET_MS) return;
    tell(problem, times);
    toldAt = performance.now();
    times = 0;
  };
}

/** A handler of failures that logs them calmly. */
export const logCalmly = (
  logger: Logger,
  level: 'warn' | 'error',
  message: string,
  fields: object = {},
): ((error: unknown) => void) => calm((error, times) => logger[level]({ ...fields, err: error, times }, message));
