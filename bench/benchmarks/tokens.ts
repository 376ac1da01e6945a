import { costRatio, throughputRatio } from '../contender';
import { latchkeyHttp } from '../contenders/http-peers';
import {
  checksOfTokens,
  latchkeyIntrospection,
  latchkeyTokens,
  oidcProviderIntrospection,
  oidcProviderTokens,
} from '../contenders/tokens';
import type { Benchmark } from './benchmark';

export const tokens: Benchmark = {
  name: 'tokens',
  title: 'Access tokens: issued, asked about, checked',
  concurrency: 64,
  cores: 'server-alone',
  contenders: {
    rs256: (world) => latchkeyTokens(world, 'RS256'),
    'oidc-provider-rs256': (world) => oidcProviderTokens(world, 'RS256'),
    es256: (world) => latchkeyTokens(world, 'ES256'),
    'oidc-provider-es256': (world) => oidcProviderTokens(world, 'ES256'),
    introspection: latchkeyIntrospection,
    'oidc-provider-introspection-memory': (world) => oidcProviderIntrospection(world, 'memory'),
    'oidc-provider-introspection-redis': (world) => oidcProviderIntrospection(world, 'redis'),
    'check-token': checksOfTokens,
    latchkey: latchkeyHttp,
  },
  comparisons: [
    throughputRatio('rs256', 'oidc-provider-rs256', 1.4),
    throughputRatio('es256', 'oidc-provider-es256', 2.5),
    throughputRatio('introspection', 'oidc-provider-introspection-memory', 2),
    throughputRatio('introspection', 'oidc-provider-introspection-redis'),
    costRatio('check-token', 'latchkey', 1.15),
  ],
};
