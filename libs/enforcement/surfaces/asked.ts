import type { CheckAccess } from '../application/check-access';

/** The check as surfaces have it: they ask for somebody, never for themselves. */
export type Asked = Pick<CheckAccess, 'checkFor'>;
