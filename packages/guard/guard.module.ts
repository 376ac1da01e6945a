import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard';
import { CHECK_CLIENT, type CheckClient } from './check-client';
import { GuardedRoutes } from './guarded-routes';
import { GUARD_OPTIONS, type GuardOptions } from './guard-options';

export interface GuardModuleOptions extends GuardOptions {
  readonly client: CheckClient;
}

export interface GuardModuleAsyncOptions extends GuardOptions {
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: FactoryProvider<CheckClient>['useFactory'];
}

/** Guards every route of the application it is imported into. */
@Module({})
export class GuardModule implements OnApplicationShutdown {
  constructor(@Inject(CHECK_CLIENT) private readonly client: CheckClient) {}

  static forRoot({ client, ...options }: GuardModuleOptions): DynamicModule {
    return GuardModule.forRootAsync({ ...options, useFactory: () => client });
  }

  /** For a client that another module provides. */
  static forRootAsync({ imports, inject, useFactory, ...options }: GuardModuleAsyncOptions): DynamicModule {
    return {
      module: GuardModule,
      imports: imports ?? [],
      providers: [
        { provide: CHECK_CLIENT, useFactory, inject: inject ?? [] },
        { provide: GUARD_OPTIONS, useValue: options },
        { provide: APP_GUARD, useClass: AccessGuard },
        GuardedRoutes,
      ],
    };
  }

  onApplicationShutdown(): void {
    this.client.close?.();
  }
}
