import { ConfigError } from '../config/load-config';
import { logGrpc } from '../logging/grpc-log';
import { createLogger, type Logger } from '../logging/logger';
import { useKeyFormats } from '../profiles/key-formats';
import type { Addresses } from './service';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const EXIT_FAILED = 1;

/** What `runService` runs: a `Service`, or something smaller that listens. */
export interface Runnable {
  readonly logger: Logger;
  /** Listens, and answers where. */
  start(): Promise<Addresses>;
  /** Takes nothing new, answers what is in hand, and closes. */
  stop(): Promise<void>;
}

/** The one line that tells people and scripts that the service takes calls, and where. */
export const readyLine = (name: string, addresses: Addresses): string =>
  `latchkey ${name} ready ${Object.entries(addresses)
    .map(([what, address]) => `${what}=${address}`)
    .join(' ')}`;

function stopOnSignal(service: Runnable): void {
  let stopping = false;
  const stop = () => {
    // A second signal is from somebody who will not wait.
    if (stopping) process.exit(EXIT_FAILED);
    stopping = true;
    service.logger.info('stopping');
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        service.logger.fatal({ err: error }, 'the stop failed');
        process.exit(EXIT_FAILED);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, stop);
}

/**
 * The main program of a service: takes what the operator says of keys, builds it, starts it, prints the ready line, and stops it in order on
 * SIGTERM or SIGINT. Answers where it can be reached.
 * What keeps it from starting ends the process with 1; refused configuration is told in plain words, without a stack.
 */
export async function runService(name: string, build: () => Promise<Runnable>): Promise<Addresses> {
  let service: Runnable | undefined;
  try {
    useKeyFormats(process.env);
    service = await build();
    logGrpc(service.logger);
    stopOnSignal(service);
    const addresses = await service.start();
    process.stdout.write(`${readyLine(name, addresses)}\n`);
    return addresses;
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`latchkey ${name}: ${error.message}\n`);
    else createLogger({ service: name }).fatal({ err: error }, 'the service did not start');
    await service?.stop().catch(() => undefined);
    process.exit(EXIT_FAILED);
  }
}
