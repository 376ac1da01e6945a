export { GrpcIdentityDirectory } from './adapters/grpc-identity-directory';
export { issuanceMigrations } from './adapters/issuance-migrations';
export { rebuildKeyCount } from './adapters/key-count';
export { PostgresCredentials } from './adapters/postgres-credentials';
export {
  EnsureFirstKeyHandler,
  type FirstKeyOptions,
  type FirstKeyOutcome,
} from './application/ensure-first-key.handler';
export { IssuanceModule, type IssuanceOptions } from './issuance.module';
export { keyLeakProjection } from './projections/key-leak.projection';
export { keyListProjection } from './projections/key-list.projection';
export { scopeSetListProjection } from './projections/scope-set-list.projection';
export { issuanceControllers } from './surfaces/controllers';
export { LEAK_ROUTES } from './surfaces/leaks/github.routes';
export { assetSourceProjection } from './projections/asset-source.projection';
