import { maskKeys } from '@latchkey/access';
import type { Finding, LeakPlace } from './ports';

const URL_MAX = 2_000;
const SOURCE_MAX = 100;

/** As it can be recorded: an address may hold the very secret that was found. */
export const placeOf = ({ token, url, source }: Finding): LeakPlace => {
  const withoutSecret = (text: string) => maskKeys(lineOf(text).replaceAll(token.reveal(), '[secret]'));
  return { url: withoutSecret(url).slice(0, URL_MAX), source: withoutSecret(source).slice(0, SOURCE_MAX) };
};

const lineOf = (text: string): string => text.replace(/\p{C}+/gu, '').trim();
