export { identityMigrations } from './adapters/identity-migrations';
export { Argon2Hasher } from './adapters/password-hashing/argon2-hasher';
export { EnsureFirstWorkspaceHandler, type FirstWorkspaceOptions } from './application/ensure-first-workspace.handler';
export { eraseUserHandler } from './erase-user';
export { IdentityModule, type IdentityOptions } from './identity.module';
export { grpcDirectory } from './surfaces/grpc-directory';
