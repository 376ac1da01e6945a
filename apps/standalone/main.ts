import { AssetsApiModule } from '@latchkey/assets-api';
import { AuditModule } from '@latchkey/audit';
import {
  accessTokenTerms,
  captchaPolicy,
  compose,
  ensureFirstKey,
  ensureFirstWorkspace,
  keepAccessTokenRecord,
  keepSignInRecord,
  logCalmly,
  openEnforcement,
  type Resources,
  serviceConfig,
  sessionTimes,
  smtpDelivery,
  tokenEndpoint,
  withResources,
} from '@latchkey/composition';
import { GuardModule } from '@latchkey/guard';
import { Argon2Hasher, EnsureFirstWorkspaceHandler, IdentityModule, KeptLetters, noDelivery } from '@latchkey/identity';
import { EnsureFirstKeyHandler, IssuanceModule, PostgresCredentials } from '@latchkey/issuance';
import type { Secret } from '@latchkey/kernel';
import { MemoryLiveState, PostgresSubjects, RoutedSubjectReader } from '@latchkey/live-state';
import { OauthModule } from '@latchkey/oauth';
import {
  createLogger,
  createMetrics,
  createService,
  CursorCodec,
  openDataDir,
  openTls,
  runService,
  type Logger,
  type Service,
} from '@latchkey/platform';
import { standaloneConfig, type StandaloneConfig } from './config';
import { nextSteps } from './next-steps';
import { OUTBOX_PATH, OutboxPage, showsMails } from './outbox-page';
import { openStores, outboxToken, secretsOf } from './parts';

/** The application with everything in it, composed on the Postgres adapter of the bus and on live state in memory. */
async function compositionOf(resources: Resources, config: StandaloneConfig, logger: Logger): Promise<Service> {
  const tls = openTls(config, logger);
  const metrics = createMetrics('standalone');
  const { peppers, masterKey } = await secretsOf(config);
  const cursors = new CursorCodec(masterKey);
  const ownUrl = `http://127.0.0.1:${config.PORT}`;
  const stores = await openStores(resources, config, logger);
  const { bus } = stores;

  const identity = new PostgresSubjects(stores.identity);
  const issuance = new PostgresSubjects(stores.issuance);
  const oauth = new PostgresSubjects(stores.oauth);
  const reader = new RoutedSubjectReader({ identity, issuance, oauth });
  const liveState = resources.keep(
    new MemoryLiveState({
      lease: stores.lease,
      owners: reader,
      dataSources: stores,
      onError: logCalmly(logger, 'warn', 'entries in memory were not renewed'),
    }),
    (running) => running.stop(),
  );
  liveState.start();
  const sessions = { dataSource: stores.identity, subjects: identity, sessionTimes: sessionTimes(config) };
  const enforcement = await openEnforcement(resources, config, {
    ...{ bus, logger, metrics, tls },
    liveAccess: liveState,
    resolver: new PostgresCredentials(stores.credentials, peppers),
    accessTokens: { ...accessTokenTerms(config, ownUrl), owners: reader },
    activity: IdentityModule.sessionActivity(sessions),
  });
  const owner = {
    publisher: bus,
    onRelayError: logCalmly(logger, 'warn', 'events could not be published'),
  };
  const kept = new KeptLetters(() => logger.info({ page: OUTBOX_PATH }, 'a mail is on the page of the outbox'));
  const delivery = smtpDelivery(config) ?? (showsMails(config) ? kept : noDelivery);
  if (delivery === noDelivery)
    logger.warn('no mails are sent: SMTP_URL is not given, and others may reach this process, so none are shown');
  return createService({
    name: 'standalone',
    logger,
    metrics,
    config: serviceConfig(config, tls),
    module: compose(
      resources,
      GuardModule.forRoot({
        client: enforcement.access,
        trustedProxies: config.TRUSTED_PROXIES,
        trustedOrigins: config.TRUSTED_ORIGINS,
        tenantDomain: config.TENANT_DOMAIN,
      }),
      IdentityModule.register({
        ...owner,
        ...sessions,
        reader,
        settlement: liveState,
        masterKey,
        cursors,
        hasher: resources.keep(new Argon2Hasher(), (hasher) => hasher.stop()),
        signIns: await keepSignInRecord(resources, config, { bus, logger, metrics }),
        captcha: captchaPolicy(config),
        delivery,
        keyEvents: bus,
        publicUrl: config.PUBLIC_URL ?? ownUrl,
        ...{ metrics, logger },
      }),
      IssuanceModule.register({
        ...owner,
        decisions: bus,
        leakKeysUrl: config.LATCHKEY_LEAK_KEYS_URL,
        dataSource: stores.issuance,
        subjects: issuance,
        settlement: liveState,
        directory: IdentityModule.directory({ dataSource: stores.identity }),
        reader,
        peppers,
        assetOrigins: config.LATCHKEY_ASSET_SOURCES,
        cursors,
      }),
      OauthModule.register({
        ...owner,
        dataSource: stores.oauth,
        subjects: oauth,
        settlement: liveState,
        liveAccess: liveState,
        reader,
        peppers,
        cursors,
        masterKey,
        ...tokenEndpoint(config, ownUrl),
        introspection: enforcement.access,
        accessTokens: await keepAccessTokenRecord(resources, config, { bus, logger, metrics }),
        recorded: bus,
        metrics,
      }),
      enforcement.module,
      AuditModule.register({
        dataSource: stores.audit,
        bus,
        cursors,
        masterKey,
        decisionsKeptDays: config.LATCHKEY_DECISIONS_KEPT_DAYS,
        parkedKeptDays: config.LATCHKEY_PARKED_KEPT_DAYS,
      }),
      ...(delivery === kept ? [OutboxPage.of(kept, await outboxToken(config))] : []),
      { module: AssetsApiModule },
    ),
    listeners: [enforcement.listener],
  });
}

async function main(): Promise<void> {
  let welcome: (url: string) => string = () => '';
  const { http = '' } = await runService('standalone', () =>
    withResources(async (resources) => {
      const config = standaloneConfig();
      const logger = createLogger({ service: 'standalone', level: config.LATCHKEY_LOG_LEVEL });
      await openDataDir(config.LATCHKEY_DATA_DIR);
      const service = await compositionOf(resources, config, logger);
      const { profile } = await ensureFirstWorkspace(service.app.get(EnsureFirstWorkspaceHandler), config, logger);
      let firstKey = '';
      await ensureFirstKey(service.app.get(EnsureFirstKeyHandler), config, {
        announce: (secret, file) => (firstKey = firstKeyLine(secret, file)),
        warn: (message) => logger.warn(message),
      });
      const outbox = showsMails(config) ? await outboxToken(config) : null;
      welcome = (url) => firstKey + nextSteps(url, profile, config, outbox);
      return service;
    }),
  );
  process.stdout.write(welcome(http));
}

/** A terminal forgets; a file that the output goes to is a log. */
const firstKeyLine = (secret: Secret, file: string): string =>
  `\nThe first admin key is kept in ${file}${process.stdout.isTTY ? `, and shown here once:\n\n  ${secret.reveal()}` : ''}\n`;

void main();
