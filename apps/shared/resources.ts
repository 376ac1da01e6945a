import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';

type Release = () => unknown;

/**
 * What a process has opened: connections, pools, servers. They are closed in the reverse order of their opening, after every module
 * has come to rest, so nothing loses what it still uses.
 */
export class Resources {
  readonly #releases: Release[] = [];

  /** Gives back what it was given, for use in one expression. */
  keep<Resource>(resource: Resource, release: (resource: Resource) => unknown): Resource {
    this.#releases.push(() => release(resource));
    return resource;
  }

  async close(): Promise<void> {
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) await release();
  }
}

/** Closes the resources when the application has stopped. */
@Module({})
export class ResourcesModule implements OnApplicationShutdown {
  constructor(private readonly resources: Resources) {}

  static register(resources: Resources): DynamicModule {
    return { module: ResourcesModule, providers: [{ provide: Resources, useValue: resources }] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.resources.close();
  }
}

/** Runs `build`; when it fails, what it has opened until then is closed. */
export async function withResources<Result>(build: (resources: Resources) => Promise<Result>): Promise<Result> {
  const resources = new Resources();
  try {
    return await build(resources);
  } catch (error) {
    await resources.close().catch(() => undefined);
    throw error;
  }
}
