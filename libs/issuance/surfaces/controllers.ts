import { AssetsController } from './canonical/assets.controller';
import { CatalogueController } from './canonical/catalogue.controller';
import { KeyLifeController } from './canonical/key-life.controller';
import { CanonicalKeysController } from './canonical/keys.controller';
import { LeaksController } from './canonical/leaks.controller';
import { MeController } from './canonical/me.controller';
import { RotationController } from './canonical/rotation.controller';
import { ScopeSetsController } from './canonical/scope-sets.controller';
import { S4eKeysController } from './s4e/keys.controller';
import { SLaunchKeysController } from './slaunch/keys.controller';

/** `KeyLifeController` before the others: its addresses with a name come before theirs with an id. */
export const issuanceControllers = [
  KeyLifeController,
  CanonicalKeysController,
  AssetsController,
  CatalogueController,
  LeaksController,
  MeController,
  RotationController,
  ScopeSetsController,
  S4eKeysController,
  SLaunchKeysController,
];
