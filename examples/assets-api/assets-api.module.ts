import { Module } from '@nestjs/common';
import { systemClock } from '@latchkey/kernel';
import { AssetStore } from './asset-store';
import { AssetsController } from './assets.controller';
import { AssetsService, CLOCK } from './assets.service';

/**
 * The routes alone. Whoever runs them imports `GuardModule` beside them, once per application, as it is global; without it there is no
 * principal, so every call fails.
 */
@Module({
  controllers: [AssetsController],
  providers: [AssetsService, AssetStore, { provide: CLOCK, useValue: systemClock }],
})
export class AssetsApiModule {}
