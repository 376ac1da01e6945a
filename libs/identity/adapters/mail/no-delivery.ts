import type { Delivery } from './delivery';

/** Where no server is configured: mails wait, for as long as they would for one that is down. */
export const noDelivery: Delivery = {
  deliver: () => Promise.resolve({ kind: 'failed', reason: 'SMTP_URL is not given' }),
};
