import type { ShownByClient } from '@latchkey/access';
import { EachSecond, type Clock } from '@latchkey/kernel';
import type { AddressLimits, TooMany } from './address-limits';
import { claimedClient } from './claimed-client';
import type { ClientAssertions } from './client-assertions';
import type { ClientSecrets } from './client-secrets';
import { invalidClient, refusal, tooManyRequests, type Refusal } from './refusal';
import type { ShownCredentials } from './shown-credentials';

/** Whose what was shown is. Whether it is still good is not asked yet. */
export type Identified = { readonly kind: 'identified'; readonly shown: ShownByClient } | Refusal;

export interface ClientIdentificationParts {
  readonly secrets: ClientSecrets;
  readonly assertions: ClientAssertions;
  readonly addresses: AddressLimits;
  readonly clock: Clock;
}

type BySecret = Exclude<ShownCredentials, { method: 'private_key_jwt' }>;
type ByAssertion = Extract<ShownCredentials, { method: 'private_key_jwt' }>;

/** Of an assertion too many. */
const ASSERTIONS_RETRY_SECONDS = 10;
/** Signatures that are looked at in a second for who tries where no more may fail, and of them for one address: each takes some 100 µs. */
const LOOKS = { eachSecond: 200, ofNetwork: 20 };

const identified = (shown: ShownByClient): Identified => ({ kind: 'identified', shown });

/**
 * Finds out whose a secret or an assertion is. What a stranger may have looked up is bounded for each address. Who shows a secret that was
 * good here before, or an assertion by a key that has signed a good one here before, goes on, whatever others at the same address do.
 */
export class ClientIdentification {
  readonly #looks = new EachSecond(LOOKS.eachSecond, LOOKS.ofNetwork);

  constructor(private readonly parts: ClientIdentificationParts) {}

  /** @throws AppError `service.unavailable` */
  identify(shown: ShownCredentials, network: string): Promise<Identified> {
    return shown.method === 'private_key_jwt' ? this.#byAssertion(shown, network) : this.#bySecret(shown, network);
  }

  async #bySecret(shown: BySecret, network: string): Promise<Identified> {
    const { secret, clientId, method } = shown;
    const known = this.parts.secrets.remembered(secret);
    if (known?.clientId === clientId) return identified(known);
    const attempt = await this.#attempt(shown, network, async () => {
      const found = known ?? (await this.parts.secrets.ask(secret, network));
      return found?.clientId === clientId ? identified(found) : refusal('unknown', invalidClient(), method);
    });
    return attempt.kind === 'too_many' ? limited(attempt, shown) : attempt;
  }

  async #byAssertion(shown: ByAssertion, network: string): Promise<Identified> {
    const verify = () => this.#verify(shown, network);
    const attempt = await this.#attempt(shown, network, verify);
    if (attempt.kind !== 'too_many') return attempt;
    const mayLook = this.#looks.take(this.parts.clock.now().getTime(), network);
    return mayLook && (await this.parts.assertions.isByKnownKey(shown.assertion)) ? verify() : limited(attempt, shown);
  }

  async #verify({ assertion, clientId, method }: ByAssertion, network: string): Promise<Identified> {
    const judged = await this.parts.assertions.verify(assertion, clientId, network);
    if (judged.kind === 'good') return identified(judged.shown);
    const error = judged.reason === 'rate_limited' ? tooManyRequests(ASSERTIONS_RETRY_SECONDS) : invalidClient();
    return refusal(judged.reason, error, method, judged.shown);
  }

  #attempt(shown: ShownCredentials, network: string, work: () => Promise<Identified>): Promise<Identified | TooMany> {
    return this.parts.addresses.attempt({ network, name: claimedClient(shown) }, work, hasFailed);
  }
}

const limited = ({ retryAfterSeconds }: TooMany, { method }: ShownCredentials): Refusal =>
  refusal('rate_limited', tooManyRequests(retryAfterSeconds), method);

const hasFailed = (result: Identified): boolean => result.kind === 'refused' && result.error.error === 'invalid_client';
