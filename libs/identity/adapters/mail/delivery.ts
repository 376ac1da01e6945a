import type { Letter } from './letter';

/** What became of a try. `reason`: for operators; it names nobody and nothing of what was written. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered' }
  /** It may be better next time. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The server will never take it. */
  | { readonly kind: 'refused'; readonly reason: string };

/** A way to people. It never throws. */
export interface Delivery {
  /** @param mailId the same for the same mail, so that one that comes twice can be seen to be one */
  deliver(letter: Letter, mailId: string): Promise<DeliveryOutcome>;
}
