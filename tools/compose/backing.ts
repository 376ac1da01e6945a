import { createHash } from 'node:crypto';
import { confined, healthcheck, readOnly, type Container } from './container';
import { OPERATOR, rights } from './rights';
import { SECRETS_DIR } from './secrets';

export type BackingName = 'postgres' | 'redis' | 'kafka';

const afterSetup = { setup: { condition: 'service_completed_successfully' } } as const;

/** Redis and Kafka read their users when they start, and compose starts anew what has changed here. */
const labels = { 'latchkey.rights': createHash('sha256').update(JSON.stringify(rights)).digest('hex').slice(0, 16) };

/** One node, broker and controller in one; every address but its own is that of the composition's own network. */
const kafkaSettings = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': '1@localhost:9093',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
  listeners: 'SASL_PLAINTEXT://:9092,CONTROLLER://localhost:9093',
  'advertised.listeners': 'SASL_PLAINTEXT://kafka:9092',
  'inter.broker.listener.name': 'SASL_PLAINTEXT',
  'sasl.enabled.mechanisms': 'PLAIN',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'sasl.mechanism.controller.protocol': 'PLAIN',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': `User:${OPERATOR}`,
  'log.dirs': '/var/lib/kafka/data',
  'auto.create.topics.enable': 'true',
  'num.partitions': '6',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
};

const asVariable = ([name, value]: readonly [string, string]): readonly [string, string] => [
  `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
  value,
];

/** What the services stand on. None of it can be reached from outside the composition. */
export const backing: Readonly<Record<BackingName, Container>> = {
  postgres: {
    image: 'postgres:18-alpine',
    ...confined,
    user: 'postgres',
    command: ['postgres', '-c', 'max_connections=300'],
    environment: { POSTGRES_PASSWORD_FILE: `${SECRETS_DIR}/password` },
    volumes: ['postgres-data:/var/lib/postgresql', readOnly('postgres-secrets', SECRETS_DIR)],
    networks: ['backing'],
    depends_on: afterSetup,
    // Over TCP: while the server is set up it answers on its socket only.
    healthcheck: healthcheck('pg_isready', '--quiet', '--host=127.0.0.1', '--username=postgres'),
    stop_grace_period: '60s',
  },
  // Nothing in it needs to outlive it, and nothing may leave it to make room: what is missing is asked of its owner.
  redis: {
    image: 'redis:7-alpine',
    ...confined,
    labels,
    user: 'redis',
    read_only: true,
    tmpfs: ['/data'],
    command: [
      ...['redis-server', '--aclfile', `${SECRETS_DIR}/users.acl`],
      ...['--maxmemory-policy', 'noeviction', '--save', '', '--appendonly', 'no'],
    ],
    volumes: [readOnly('redis-secrets', SECRETS_DIR)],
    networks: ['backing'],
    depends_on: afterSetup,
    healthcheck: healthcheck(
      'sh',
      '-c',
      `REDISCLI_AUTH="$$(cat ${SECRETS_DIR}/password)" redis-cli --user ${OPERATOR} ping | grep -q PONG`,
    ),
  },
  kafka: {
    image: 'apache/kafka:4.3.0',
    ...confined,
    labels,
    environment: {
      CLUSTER_ID: 'bGF0Y2hrZXlsYXRjaGtleQ',
      KAFKA_HEAP_OPTS: '-Xmx512m',
      KAFKA_OPTS: `-Djava.security.auth.login.config=${SECRETS_DIR}/users.conf`,
      ...Object.fromEntries<string>(Object.entries(kafkaSettings).map(asVariable)),
    },
    volumes: ['kafka-data:/var/lib/kafka/data', readOnly('kafka-secrets', SECRETS_DIR)],
    networks: ['backing'],
    depends_on: afterSetup,
    healthcheck: healthcheck('bash', '-c', '</dev/tcp/127.0.0.1/9092'),
    stop_grace_period: '60s',
  },
};

/** Where the services find what is next. */
export const MAIL_CATCHER = 'mail:1025';

/** Shows mail instead of sending it, on a page of this machine: for trying things out, so only with `--profile mail`. */
export const mailCatcher: Container = {
  image: 'axllent/mailpit:v1.27',
  ...confined,
  profiles: ['mail'],
  read_only: true,
  tmpfs: ['/tmp'],
  ports: ['127.0.0.1:8025:8025'],
  networks: ['backing', 'outside'],
  healthcheck: healthcheck('/mailpit', 'readyz'),
};
