import { maskKeys } from './mask-keys';

/** Of a text that is recorded, in characters. */
export const RECORDED_TEXT_LENGTH_MAX = 256;

/**
 * A text that whoever calls chose, what a program calls itself say, as it may be recorded: whatever looks like a key or a token is masked, then
 * it is cut at 256 characters. The other way round a key at the cut would not look like one any more.
 */
export function recordedText(text: string): string {
  const masked = maskKeys(text);
  if (masked.length <= RECORDED_TEXT_LENGTH_MAX) return masked;
  // Anew, character by character: what is merely sliced off would keep the whole text in memory.
  return [...masked.slice(0, RECORDED_TEXT_LENGTH_MAX)].join('');
}
