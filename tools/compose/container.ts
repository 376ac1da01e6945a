/** A container as the compose file describes it, as far as we use it (https://github.com/compose-spec/compose-spec). */
export interface Container {
  readonly image: string;
  readonly build?: string;
  readonly init?: true;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: StartCondition }>>;
  readonly healthcheck?: Healthcheck;
  readonly ports?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address: string } | null>>;
  readonly network_mode?: 'none';
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly read_only?: true;
  readonly cap_drop: readonly ['ALL'];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly ['no-new-privileges:true'];
  readonly restart: 'no' | 'unless-stopped';
  readonly stop_grace_period?: string;
  readonly logging: { readonly driver: 'local' };
}

export type StartCondition = 'service_healthy' | 'service_completed_successfully';

export interface Healthcheck {
  readonly test: readonly string[];
  readonly interval: string;
  readonly timeout: string;
  readonly retries: number;
  readonly start_period: string;
}

/** What holds for every container: no privilege, and a log that is rotated. */
export const confined = {
  restart: 'unless-stopped',
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  logging: { driver: 'local' },
} as const satisfies Partial<Container>;

export const healthcheck = (...test: readonly string[]): Healthcheck => ({
  test: ['CMD', ...test],
  interval: '5s',
  timeout: '3s',
  retries: 5,
  start_period: '60s',
});

export const readOnly = (volume: string, target: string): string => `${volume}:${target}:ro`;
