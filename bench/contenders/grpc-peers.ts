import path from 'node:path';
import { enforcementProtocol } from '@latchkey/contracts/grpc';
import type { Contender, Load } from '../contender';
import { batchLoad, streamLoad, unaryLoad, type GrpcTarget } from '../load/grpc-load';
import type { Measured } from '../statistics';
import type { World } from '../world';
import { sampleAnswer } from './http-peers';
import { CALL, processOf } from './latchkey';
import { startPeer } from './peer';

/** How checks are asked for. */
export const WAYS = ['unary', 'stream', 'batch'] as const;
export type Way = (typeof WAYS)[number];

const loads: Readonly<Record<Way, (target: GrpcTarget, load: Load) => Promise<Measured>>> = {
  unary: unaryLoad,
  stream: streamLoad,
  batch: batchLoad,
};

const described: Readonly<Record<Way, string>> = {
  unary: 'Check, one connection',
  stream: 'CheckStream, one stream; what is asked in one turn of the event loop goes in one message',
  batch: 'BatchCheck, 100 checks a call, a sixteenth of the callers; latencies are of a call',
};

const bytesOf = (credentials: readonly string[]): readonly Uint8Array[] =>
  credentials.map((credential) =>
    enforcementProtocol.Check.requestSerialize({ credential, ...CALL, scopes: [...CALL.scopes] }),
  );

export async function latchkeyGrpc(world: World, way: Way): Promise<Contender> {
  const { cluster, credentials } = await world.latchkey();
  const { grpcAddress, pid } = processOf(cluster, 'enforcement');
  world.pin(pid);
  const target = { address: grpcAddress, checks: bytesOf(credentials) };
  return { name: way, title: described[way], pid, load: (load) => loads[way](target, load) };
}

export async function grpcEcho(world: World, way: Way): Promise<Contender> {
  const { credentials } = await world.latchkey();
  const { principal, ...answer } = await sampleAnswer(world);
  const { assets, ...rest } = principal ?? { assets: [] };
  const { pid, started } = await startPeer(world, path.join(world.root, 'bench/peers/grpc-echo.mjs'), {
    proto: path.join(world.root, 'libs/contracts/proto/enforcement.proto'),
    answer: { ...answer, principal: { ...rest, all_assets: assets === 'all', assets: assets === 'all' ? [] : assets } },
  });
  const target = { address: `127.0.0.1:${started.port}`, checks: bytesOf(credentials) };
  return {
    name: `echo-${way}`,
    title: `grpc-js with the codecs of proto-loader, the same messages: ${described[way]}`,
    pid,
    load: (load) => loads[way](target, load),
  };
}
