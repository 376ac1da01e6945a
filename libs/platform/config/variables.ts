import { foreignPrefixProblem, parseIpRange } from '@latchkey/access';
import { isLoopback, Secret } from '@latchkey/kernel';
import { z } from 'zod';
import { SLUG, SLUG_SENTENCE } from '../http/slug';
import { profileName } from '../profiles/profile-name';
import { publicUrl, smtpServer } from './mail';

const PORT_MAX = 65_535;
const SECRET_LENGTH_MIN = 32;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const port = (preset: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535.')
    .transform(Number)
    .refine((value) => value <= PORT_MAX, 'must be a port number from 0 to 65535.')
    .default(preset);

const wholeNumber = (from: number, to: number, preset: number) =>
  z
    .string()
    .transform((text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN))
    .refine((value) => value >= from && value <= to, `must be a whole number from ${from} to ${to}.`)
    .default(preset);

const secret = (what: z.ZodType<string, string>) => what.transform((text) => new Secret(text));

/** A connection string; it may hold a password, so it is a secret. */
const connection = (...protocols: readonly string[]) =>
  secret(
    z
      .string()
      .refine(
        (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
        `must be an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`,
      ),
  );

/** The user, and a password that may hold colons. */
const login = z
  .string()
  .regex(/^[^:\s]+:\S+$/, 'must be user:password.')
  .transform((text) => {
    const [username = '', ...rest] = text.split(':');
    return { username, password: new Secret(rest.join(':')) };
  });

const longSecret = secret(
  z.string().min(SECRET_LENGTH_MIN, `must be at least ${SECRET_LENGTH_MIN} characters of random text.`),
);

const listOf = (isItem: (text: string) => boolean, message: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((item) => item.trim()))
    .refine((items) => items.every(isItem), message);

const httpAddress = (text: string) => URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

const isOrigin = (text: string) => httpAddress(text) && new URL(text).origin === text;

/** A document that is trusted for what it says. */
const readable = (text: string) => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || protocol === 'file:' || (protocol === 'http:' && isLoopback(hostname));
};

const broker = /^[A-Za-z0-9._-]{1,253}:\d{1,5}$|^\[[0-9A-Fa-f:]+\]:\d{1,5}$/;
const topicPrefix = /^[A-Za-z0-9._-]{1,50}$/;
const file = z.string().min(1);
/** Of brokers, or of the processes of a service. */
const hostsAndPorts = listOf((text) => broker.test(text), 'must be host:port, several separated by commas.');
const hostName = /^[A-Za-z0-9._:-]{1,253}$/;

/**
 * Every variable of every service: its schema, and what it is for in `docs/configuration.md`. A service takes those it needs
 * (`z.object({ PORT: variables.PORT })`), with `.optional()` where it can do without.
 */
export const variables = {
  PORT: port(8080).describe('Port of HTTP. 0: any free one.'),
  GRPC_PORT: port(50_051).describe('Port of gRPC. 0: any free one.'),
  ADMIN_PORT: port(9090).describe('Port of `/metrics`, `/healthz` and `/readyz` for operators. 0: any free one.'),
  HOST: z
    .string()
    .regex(hostName, 'must be an IP address or a host name.')
    .default('127.0.0.1')
    .describe('Address to listen on. Another than loopback needs certificates, or `LATCHKEY_ALLOW_PLAINTEXT`.'),
  ADMIN_HOST: z
    .string()
    .regex(hostName, 'must be an IP address or a host name.')
    .default('127.0.0.1')
    .describe('Address that the admin port listens on.'),
  DATABASE_URL: connection('postgres:', 'postgresql:').describe('PostgreSQL, as `postgres://user:password@host/db`.'),
  REDIS_URL: connection('redis:', 'rediss:').describe('Redis of the live state, as `redis://host:6379`.'),
  KAFKA_BROKERS: hostsAndPorts.describe('Kafka brokers as `host:port`, separated by commas.'),
  KAFKA_LOGIN: login.describe('User and password for Kafka, as `user:password` (SASL PLAIN). Absent: no login.'),
  TRUSTED_PROXIES: listOf(
    (text) => parseIpRange(text).kind === 'range',
    'must be IP addresses or CIDR ranges, separated by commas.',
  )
    .default([])
    .describe('Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed. None by default.'),
  TRUSTED_ORIGINS: listOf(isOrigin, 'must be origins such as https://console.example.com, separated by commas.')
    .default([])
    .describe(
      "Origins, as `https://console.example.com`, whose pages may change something with a visitor's session cookie, besides Latchkey's own. None by default.",
    ),
  TENANT_DOMAIN: z
    .string()
    .refine((text) => text.split('.').every((label) => SLUG.test(label)), 'must be a domain name in lower case.')
    .describe(
      'Domain whose hosts `<slug>.<domain>` take credentials of the workspace with that slug alone. Absent: hosts name no workspaces.',
    ),
  LATCHKEY_DATA_DIR: z.string().default('./.latchkey').describe('Folder of everything that a single machine keeps.'),
  LATCHKEY_PROFILES_DIR: z
    .string()
    .describe('Folder with profiles of your own, a YAML file each: the same for every process. None when absent.'),
  LATCHKEY_FOREIGN_PREFIXES: listOf(
    (prefix) => foreignPrefixProblem(prefix) === undefined,
    'must be prefixes such as acme_live_, separated by commas, with which keys of no profile begin.',
  )
    .default([])
    .describe(
      'What keys begin with that were made elsewhere and are imported, as `acme_live_,legacy_`: the same for every process. None by default.',
    ),
  LATCHKEY_PROFILE: profileName.default('latchkey').describe('Profile of the first workspace.'),
  LATCHKEY_TENANT: z
    .string()
    .regex(SLUG, `${SLUG_SENTENCE}.`)
    .describe(
      'Slug of the first workspace, at the first start: what it is called in addresses under `TENANT_DOMAIN`. As its profile when absent.',
    ),
  LATCHKEY_ADMIN_EMAIL: z
    .email('must be an e-mail address.')
    .default('admin@localhost.localdomain')
    .describe('E-mail address of the first owner.'),
  LATCHKEY_ADMIN_PASSWORD: secret(z.string().min(1)).describe(
    'Password of the first owner. Without it they have none until one is set by a mail to their address.',
  ),
  LATCHKEY_ADMIN_KEY: secret(z.string().min(1)).describe(
    'The first API key, for installations that bring their own. Made and printed once when absent.',
  ),
  LATCHKEY_PEPPER: longSecret.describe(
    'Key of the digests that API keys and client secrets are stored as. Never change it by itself.',
  ),
  LATCHKEY_MASTER_KEY: longSecret.describe('Key that other keys of the installation are derived from.'),
  LATCHKEY_ENFORCEMENT_URLS: listOf(httpAddress, 'must be http addresses, separated by commas.').describe(
    'Nodes of enforcement to ask over HTTP, as `http://host:port` or `https://host:port`, separated by commas.',
  ),
  LATCHKEY_ENFORCEMENT_GRPC: hostsAndPorts.describe(
    'Nodes of enforcement to ask over gRPC, as `host:port`, separated by commas: this or `LATCHKEY_ENFORCEMENT_URLS`.',
  ),
  LATCHKEY_IDENTITY_GRPC: hostsAndPorts.describe('gRPC addresses of identity as `host:port`, separated by commas.'),
  LATCHKEY_ISSUANCE_GRPC: hostsAndPorts.describe('gRPC addresses of issuance as `host:port`, separated by commas.'),
  LATCHKEY_OAUTH_GRPC: hostsAndPorts.describe('gRPC addresses of oauth as `host:port`, separated by commas.'),
  LATCHKEY_TLS_CERT: file.describe('PEM file of the certificate that the service shows; HTTP is served over TLS then.'),
  LATCHKEY_TLS_KEY: file.describe('PEM file of its private key.'),
  LATCHKEY_TLS_CA: file.describe(
    "PEM file of the installation's own authority, never a public one: who has a certificate of it may ask for any check.",
  ),
  LATCHKEY_ALLOW_PLAINTEXT: z
    .enum(['true', 'false'], 'must be true or false.')
    .default('false')
    .describe(
      '`true`: `HOST` may be another than loopback without certificates, as TLS ends at a proxy that alone reaches the port.',
    ),
  LATCHKEY_TOPIC_PREFIX: z
    .string()
    .regex(topicPrefix, 'must be at most 50 letters, digits, dots, hyphens and underscores.')
    .describe('Before the name of every Kafka topic and group, so that installations can share one Kafka.'),
  LATCHKEY_ROUTES: z
    .string()
    .describe('Where the edge sends what: a line for each path, with the addresses that take it in turn after it.'),
  LATCHKEY_NODES_MAX: wholeNumber(1, 10_000, 4).describe(
    'Greatest number of enforcement nodes, and of processes of oauth. While Redis cannot be reached, each admits its share of every limit.',
  ),
  LATCHKEY_DECISIONS_SPOOL_MB: wholeNumber(1, 1_000_000, 1_024).describe(
    'Most that a node of enforcement keeps on disk of decisions that the bus does not have, in MiB. What comes on top is lost, and shows.',
  ),
  LATCHKEY_DECISIONS_HEARTBEAT_MS: wholeNumber(1_000, 3_600_000, 10_000).describe(
    'How often a node of enforcement that decides nothing says that it lives, in ms.',
  ),
  LATCHKEY_SIGN_INS_SPOOL_MB: wholeNumber(1, 1_000_000, 128).describe(
    'Most that identity keeps on disk of attempts to sign in that the bus does not have, in MiB. What comes on top is lost, and shows.',
  ),
  LATCHKEY_ACCESS_TOKENS_SPOOL_MB: wholeNumber(1, 1_000_000, 128).describe(
    'Most that oauth keeps on disk of issued access tokens and refused clients that the bus does not have, in MiB. What comes on top is lost, and shows.',
  ),
  LATCHKEY_DECISIONS_KEPT_DAYS: wholeNumber(1, 36_500, 90).describe(
    'How long the audit keeps decisions, attempts to sign in, and requests for access tokens, in days.',
  ),
  LATCHKEY_PARKED_KEPT_DAYS: wholeNumber(1, 36_500, 30).describe(
    'How long the audit keeps messages about decisions, attempts to sign in and requests for access tokens that it could not read, in days.',
  ),
  SMTP_URL: smtpServer.describe(
    'Mail server, as `smtps://user:password@host` or `smtp://host:587`, which goes over to TLS. `?tls=none`: without.',
  ),
  SMTP_CA: file.describe(
    "PEM file of an authority that the mail server's certificate may come from, beside the public ones.",
  ),
  MAIL_FROM: z
    .email('must be an e-mail address.')
    .default('latchkey@localhost.localdomain')
    .describe('E-mail address that mails come from.'),
  PUBLIC_URL: publicUrl.describe(
    'Where people reach Latchkey: what links in mails begin with. `http://127.0.0.1:8080`, or the own port of `npm start`, when absent.',
  ),
  OAUTH_ISSUER: publicUrl.describe(
    'Who issues access tokens, by name (`iss`): where clients reach `/oauth/token`, without that. `PUBLIC_URL`, or its default, when absent.',
  ),
  OAUTH_AUDIENCE: z
    .string()
    .min(1)
    .describe('Whom access tokens are for (`aud`). `OAUTH_ISSUER`, or its default, when absent.'),
  OAUTH_SIGNING_ALG: z
    .enum(['RS256', 'ES256'], 'must be one of: RS256, ES256.')
    .default('RS256')
    .describe('Algorithm of new signing keys of access tokens: `RS256` or `ES256`.'),
  OAUTH_TOKENS_PER_MINUTE: wholeNumber(1, 1_000_000, 600).describe('Most access tokens for one client in any minute.'),
  OAUTH_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000, 6_000).describe(
    'Most requests for access tokens from one address that a process of oauth answers in any minute.',
  ),
  CAPTCHA_VENDOR: z
    .enum(['googlev3', 'hcaptcha', 'turnstile'], 'must be one of: googlev3, hcaptcha, turnstile.')
    .describe('Whose captcha is asked for after failed attempts to sign in. Absent: none is.'),
  CAPTCHA_SECRET: secret(z.string().min(1)).describe('Key that the vendor of the captcha has given out for verifying.'),
  CAPTCHA_VERIFY_URL: z
    .string()
    .refine(httpAddress, 'must be an http address.')
    .describe("Where captchas are verified. The vendor's own address when absent."),
  CAPTCHA_SCORE_MIN: z
    .string()
    .transform(Number)
    .refine((score) => score >= 0 && score <= 1, 'must be a number from 0 to 1.')
    .default(0.5)
    .describe('Least score that counts as a person, from 0 to 1. Of `googlev3`, which alone gives scores.'),
  CAPTCHA_BYPASS_FROM: listOf(
    (text) => parseIpRange(text).kind === 'range',
    'must be IP addresses or CIDR ranges, separated by commas.',
  )
    .default([])
    .describe('Addresses and CIDR ranges of workloads whose `bypass_captcha` is believed. None by default.'),
  LATCHKEY_ASSET_SOURCES: listOf(
    isOrigin,
    'must be origins such as https://inventory.example.com, separated by commas.',
  )
    .default([])
    .describe(
      'Origins, as `https://inventory.example.com`, where a workspace may have a list of its assets read. None by default.',
    ),
  LATCHKEY_LEAK_KEYS_URL: z
    .string()
    .refine(readable, 'must be an https or file address, or an http one on loopback.')
    .describe(
      'Where the public keys are that reports of leaked keys are signed with, as an `https:` or `file:` address. Absent: no report is taken.',
    ),
  LATCHKEY_SESSION_IDLE_MINUTES: wholeNumber(1, 525_600, 1_440).describe(
    'A session ends when nobody has used it for so long, in minutes.',
  ),
  LATCHKEY_SESSION_LIFE_HOURS: wholeNumber(1, 8_760, 168).describe(
    'A session ends after so long in any case, in hours.',
  ),
  LATCHKEY_SESSION_REFRESH_SECONDS: wholeNumber(0, 3_600, 60).describe(
    'So long after a refresh a session is not refreshed again, in seconds.',
  ),
  LATCHKEY_LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of: ${LOG_LEVELS.join(', ')}.`)
    .default('info')
    .describe('Least level of what is logged.'),
  LATCHKEY_DRAIN_TIMEOUT_MS: wholeNumber(0, 600_000, 10_000).describe(
    'How long a stop waits for requests in hand, in ms.',
  ),
};

/** Secrets, which may also be given as a file: `LATCHKEY_PEPPER_FILE` names one that holds nothing but the pepper. */
const secretVariables = [
  'DATABASE_URL',
  'REDIS_URL',
  'KAFKA_LOGIN',
  'LATCHKEY_ADMIN_PASSWORD',
  'SMTP_URL',
  'CAPTCHA_SECRET',
  'LATCHKEY_ADMIN_KEY',
  'LATCHKEY_PEPPER',
  'LATCHKEY_MASTER_KEY',
] as const satisfies readonly (keyof typeof variables)[];

/** Name of the variable that names the file of a secret; undefined for what is no secret. */
export const fileVariable = (name: string): string | undefined =>
  secretVariables.some((secretName) => secretName === name) ? `${name}_FILE` : undefined;

export const knownVariables: readonly string[] = Object.keys(variables).flatMap((name) => [
  name,
  ...[fileVariable(name) ?? []].flat(),
]);
