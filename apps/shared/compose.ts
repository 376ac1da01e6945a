import { Module, type DynamicModule } from '@nestjs/common';
import { ResourcesModule, type Resources } from './resources';

@Module({})
class Composition {}

/** One application of several modules, which closes what it uses when it has stopped. */
export const compose = (resources: Resources, ...modules: readonly DynamicModule[]): DynamicModule => ({
  module: Composition,
  imports: [...modules, ResourcesModule.register(resources)],
});
