import type { Draft, Fact, Paragraph } from './letter';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For the text of an element and for attributes in quotes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** Of all letters, the whole of what is in the element. Programs that ignore it show plain paragraphs. */
export const LETTER_STYLE = [
  ':root{color-scheme:light dark}',
  'body{margin:0;padding:1.5rem;background:#f4f5f7;color:#1c2330;font:1rem/1.5 system-ui,sans-serif}',
  'main{max-width:34rem;margin:0 auto;padding:1.5rem;background:#fff;border-radius:.5rem}',
  'h1{margin:0 0 1rem;font-size:1.25rem;line-height:1.3}',
  'p{margin:0 0 1rem}',
  'p:last-child{margin:0}',
  'a{color:#1d4ed8}',
  'a.open{display:inline-block;padding:.6rem 1rem;border-radius:.35rem;background:#1d4ed8;color:#fff;text-decoration:none}',
  'strong.code{font:1.5rem ui-monospace,monospace;letter-spacing:.2em}',
  'table{margin:0 0 1rem;border-spacing:0}',
  'th{padding:.15rem 1rem .15rem 0;font-weight:normal;text-align:left;vertical-align:top;opacity:.7}',
  'td{padding:.15rem 0;overflow-wrap:anywhere}',
  '@media(prefers-color-scheme:dark){body{background:#12161d;color:#e6e9ef}main{background:#1c2330}a{color:#93b4ff}a.open{background:#3b6ef0}}',
].join('');

/** A page of its own that loads nothing from anywhere, in the reader's light or dark. */
export const htmlOf = ({ subject, paragraphs }: Draft): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>${LETTER_STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(subject)}</h1>
${paragraphs.map(asHtml).join('\n')}
</main>
</body>
</html>
`;

function asHtml(paragraph: Paragraph): string {
  if (typeof paragraph === 'string') return `<p>${escapeHtml(paragraph)}</p>`;
  if ('link' in paragraph) {
    return `<p><a class="open" href="${escapeHtml(paragraph.link)}">${escapeHtml(paragraph.label)}</a></p>`;
  }
  if ('code' in paragraph) return `<p><strong class="code">${escapeHtml(paragraph.code)}</strong></p>`;
  return `<table>\n${paragraph.facts.map(rowOf).join('\n')}\n</table>`;
}

const rowOf = ([name, value]: Fact): string =>
  `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
