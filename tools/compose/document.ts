import { stringify } from 'yaml';
import { backing, mailCatcher } from './backing';
import type { Container } from './container';
import { SUBNET, SUBNET_OF_SERVICES } from './layout';
import { edgeContainer, instances, rightsContainer, serviceContainer, setupContainer } from './service-container';

interface Network {
  readonly internal?: true;
  readonly ipam?: { readonly config: readonly { readonly subnet: string; readonly ip_range: string }[] };
}

export interface ComposeDocument {
  readonly name: string;
  readonly services: Readonly<Record<string, Container>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, null>>;
}

/** The composition of the table in `tools/cluster/services.ts`: what `npm run cluster` runs as processes, as containers. */
export function composeDocument(): ComposeDocument {
  const containers: Readonly<Record<string, Container>> = {
    setup: setupContainer,
    ...backing,
    rights: rightsContainer,
    ...Object.fromEntries(instances.map((instance) => [instance.name, serviceContainer(instance)])),
    edge: edgeContainer,
    mail: mailCatcher,
  };
  return {
    name: 'latchkey',
    services: containers,
    networks: {
      // The only one with a way out: of the edge, to its users, and of who calls servers elsewhere.
      outside: {},
      services: { internal: true, ipam: { config: [{ subnet: SUBNET, ip_range: SUBNET_OF_SERVICES }] } },
      backing: { internal: true },
    },
    volumes: Object.fromEntries(namedVolumes(Object.values(containers)).map((name) => [name, null])),
  };
}

/** Not a folder of the host. */
const NAMED = /^([\w-]+):/;

const namedVolumes = (containers: readonly Container[]) => [
  ...new Set(containers.flatMap(({ volumes = [] }) => volumes.flatMap((volume) => NAMED.exec(volume)?.[1] ?? []))),
];

const HEADER = `# Written by \`node tools/compose.mjs --write\` from tools/cluster/services.ts: change that, not this.
# docs/deployment.md says how to run it.

`;

/** The text of docker-compose.yml. */
export const composeFile = (): string =>
  HEADER + stringify(composeDocument(), { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0, nullStr: '' });
