import { htmlOf } from './letter-html';

/** What somebody gets to read. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What the reader is to open; it may be as good as a password. */
  readonly link: string | null;
}

/** What stands beside its name. */
export type Fact = readonly [name: string, value: string];

/** A paragraph: words, something to open, something to type, or facts below each other. */
export type Paragraph =
  | string
  | { readonly link: string; readonly label: string }
  | { readonly code: string }
  | { readonly facts: readonly Fact[] };

export interface Draft {
  readonly subject: string;
  readonly paragraphs: readonly Paragraph[];
}

/** Both forms of a letter, saying the same. */
export function letterOf(to: string, draft: Draft): Letter {
  const { subject, paragraphs } = draft;
  const [link = null] = paragraphs.flatMap((paragraph) =>
    typeof paragraph === 'object' && 'link' in paragraph ? [paragraph.link] : [],
  );
  return { to, subject, text: `${paragraphs.map(asText).join('\n\n')}\n`, html: htmlOf(draft), link };
}

function asText(paragraph: Paragraph): string {
  if (typeof paragraph === 'string') return paragraph;
  if ('link' in paragraph) return `${paragraph.label}:\n${paragraph.link}`;
  if ('code' in paragraph) return paragraph.code;
  return paragraph.facts.map(([name, value]) => `${name}: ${value}`).join('\n');
}
