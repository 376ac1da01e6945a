/** Addresses of the real services that tests share. */
export interface Backing {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly kafkaBrokers: string[];
}

/** The services that Jest's global setup started or found. Throws in a project without that setup. */
export function backing(): Backing {
  return {
    databaseUrl: address('LATCHKEY_TEST_DATABASE_URL'),
    redisUrl: address('LATCHKEY_TEST_REDIS_URL'),
    kafkaBrokers: address('LATCHKEY_TEST_KAFKA_BROKERS').split(','),
  };
}

function address(variable: string): string {
  const value = process.env[variable];
  if (value === undefined)
    throw new Error(`${variable} is not set: only int, fault, e2e and long specs have backing services`);
  return value;
}
