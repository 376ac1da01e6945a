export const BENCHMARK_NAMES = [
  'check-http',
  'check-grpc',
  'check-alone',
  'append',
  'sign-ins',
  'tokens',
  'issuing',
  'keys',
] as const;
export type BenchmarkName = (typeof BENCHMARK_NAMES)[number];

export const isBenchmarkName = (name: string): name is BenchmarkName =>
  (BENCHMARK_NAMES as readonly string[]).includes(name);
