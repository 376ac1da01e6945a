import type { Route } from '@latchkey/edge';
import { services, type ServiceSpec } from './services';

/** One of the processes of a service, and where the others reach it. */
export interface Instance {
  /** `identity`, or `enforcement-1` where there are several. */
  readonly name: string;
  readonly service: ServiceSpec;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly adminPort: number;
}

/** Names of the processes of a service; `count`: how many there are, where that is not what the table says. */
export const instanceNames = ({ name, instances }: ServiceSpec, count = instances): readonly string[] =>
  count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);

export const urlOf = ({ scheme, host, port }: Instance): string => `${scheme}://${host}:${port}`;

/** Variables that tell services where their neighbours are. */
export function neighbourVariables(instances: readonly Instance[]): Record<string, string> {
  const of = (name: string) => instances.filter(({ service }) => service.name === name);
  const grpcOf = (name: string) =>
    of(name)
      .map(({ host, grpcPort }) => `${host}:${grpcPort}`)
      .join(',');
  return {
    LATCHKEY_IDENTITY_GRPC: grpcOf('identity'),
    LATCHKEY_ISSUANCE_GRPC: grpcOf('issuance'),
    LATCHKEY_OAUTH_GRPC: grpcOf('oauth'),
    LATCHKEY_ENFORCEMENT_GRPC: grpcOf('enforcement'),
  };
}

/** What the edge sends where. */
export function routesTo(instances: readonly Instance[]): readonly Route[] {
  return services.flatMap((service) => {
    const targets = instances.filter((instance) => instance.service === service).map(urlOf);
    const paths = service.fallback === true ? [...service.routes, '/'] : service.routes;
    return targets.length === 0 ? [] : paths.map((path) => ({ path, targets }));
  });
}
