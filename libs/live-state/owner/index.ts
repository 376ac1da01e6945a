export * from './grpc-owner-client';
export * from './grpc-owner-server';
export type { OwnerReader } from './owner-protocol';
export * from './routed-subject-reader';
