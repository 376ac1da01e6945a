/** Every value of every header, by lower-case name, from Node's `rawHeaders`: the parsed ones lose a second `Authorization`. */
export function headersOf(rawHeaders: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const headers = Object.create(null) as Record<string, string[]>;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    (headers[name] ??= []).push(rawHeaders[index + 1] ?? '');
  }
  return headers;
}

/** Every value of every cookie, by name (RFC 6265 §5.4: pairs separated by semicolons). One name can come for several paths. */
export function cookiesOf(headers: readonly string[] = []): Readonly<Record<string, readonly string[]>> {
  const cookies = Object.create(null) as Record<string, string[]>;
  for (const pair of headers.flatMap((header) => header.split(';'))) {
    const [name = '', value = ''] = pair.trim().split(/=(.*)/s);
    (cookies[name] ??= []).push(value);
  }
  return cookies;
}
