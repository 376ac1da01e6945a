/** What somebody gets to read. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What the reader is to open; it may be as good as a password. */
  readonly link: string | null;
}

/** A paragraph: words, something to open, or something to type. */
export type Paragraph = string | { readonly link: string; readonly label: string } | { readonly code: string };

export interface Draft {
  readonly subject: string;
  readonly paragraphs: readonly Paragraph[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For the text of an element and for attributes in quotes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** Both forms of a letter, saying the same. */
export function letterOf(to: string, { subject, paragraphs }: Draft): Letter {
  const body = paragraphs.map((paragraph) => `<p>${asHtml(paragraph)}</p>`).join('\n');
  const [link = null] = paragraphs.flatMap((paragraph) =>
    typeof paragraph === 'object' && 'link' in paragraph ? [paragraph.link] : [],
  );
  return {
    to,
    subject,
    text: `${paragraphs.map(asText).join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en">\n<title>${escapeHtml(subject)}</title>\n${body}\n</html>\n`,
    link,
  };
}

function asText(paragraph: Paragraph): string {
  if (typeof paragraph === 'string') return paragraph;
  return 'link' in paragraph ? `${paragraph.label}:\n${paragraph.link}` : paragraph.code;
}

function asHtml(paragraph: Paragraph): string {
  if (typeof paragraph === 'string') return escapeHtml(paragraph);
  if ('link' in paragraph) return `<a href="${escapeHtml(paragraph.link)}">${escapeHtml(paragraph.label)}</a>`;
  return `<strong>${escapeHtml(paragraph.code)}</strong>`;
}
