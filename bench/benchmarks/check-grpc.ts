import { throughputRatio } from '../contender';
import { grpcEcho, latchkeyGrpc } from '../contenders/grpc-peers';
import type { Benchmark } from './benchmark';

export const checkGrpc: Benchmark = {
  name: 'check-grpc',
  title: 'The check over gRPC; every figure is per check',
  concurrency: 64,
  cores: 'server-alone',
  contenders: {
    unary: (world) => latchkeyGrpc(world, 'unary'),
    'echo-unary': (world) => grpcEcho(world, 'unary'),
    stream: (world) => latchkeyGrpc(world, 'stream'),
    'echo-stream': (world) => grpcEcho(world, 'stream'),
    batch: (world) => latchkeyGrpc(world, 'batch'),
    'echo-batch': (world) => grpcEcho(world, 'batch'),
  },
  comparisons: [
    throughputRatio('unary', 'echo-unary', 0.65),
    throughputRatio('stream', 'unary', 2.5),
    throughputRatio('batch', 'unary'),
    throughputRatio('stream', 'echo-stream'),
    throughputRatio('batch', 'echo-batch'),
  ],
};
