import { maskKeys } from '@latchkey/access';
import type { Finding, LeakPlace } from './ports';

const URL_MAX = 2_000;
const SOURCE_MAX = 100;

/** As it can be recorded: in one line, bounded, and without the very secret that was found, which an address may hold. */
export const placeOf = ({ token, url, source }: Finding): LeakPlace => {
  const shown = (text: string, charactersMax: number): string => {
    const masked = maskKeys(lineOf(text).replaceAll(token.reveal(), '[secret]'));
    return [...masked].slice(0, charactersMax).join('');
  };
  return { url: shown(url, URL_MAX), source: shown(source, SOURCE_MAX) };
};

/** Without what no column of text holds either: NUL, and halves of characters. */
const lineOf = (text: string): string => text.replace(/\p{C}+/gu, '').trim();
