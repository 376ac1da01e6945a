import { isCrossSite, type CallingPage } from './cross-site';

const crossSite = (page: Partial<CallingPage>, trusted?: readonly string[]) =>
  isCrossSite({ method: 'POST', secFetchSite: [], origin: [], host: 'api.example.com', ...page }, trusted);

describe('a call that changes something', () => {
  it.each<[string, Partial<CallingPage>]>([
    ['a page of the service itself', { secFetchSite: ['same-origin'], origin: ['https://api.example.com'] }],
    ['the address bar', { secFetchSite: ['none'] }],
    ['a page of its own origin, in an older browser', { origin: ['https://api.example.com'] }],
    ['the same with the port spelled out', { origin: ['https://api.example.com'], host: 'api.example.com:443' }],
    ['a page of its own port', { origin: ['http://127.0.0.1:8080'], host: '127.0.0.1:8080' }],
    ['no browser', {}],
  ])('is taken from %s', (_, page) => expect(crossSite(page)).toBe(false));

  it.each<[string, Partial<CallingPage>]>([
    ['another site', { secFetchSite: ['cross-site'], origin: ['https://evil.example'] }],
    ['another origin of the same site', { secFetchSite: ['same-site'], origin: ['https://www.example.com'] }],
    ['another site, whatever its origin', { secFetchSite: ['cross-site'], origin: ['https://api.example.com'] }],
    ['two kinds of site', { secFetchSite: ['same-origin', 'cross-site'] }],
    ['another origin, in an older browser', { origin: ['https://evil.example'] }],
    ['another port', { origin: ['https://api.example.com:8443'] }],
    ['an origin that begins alike', { origin: ['https://api.example.com.evil.example'] }],
    ['an origin that keeps itself secret', { origin: ['null'] }],
    ['two origins', { origin: ['https://api.example.com', 'https://evil.example'] }],
    ['an origin that is none', { origin: ['api.example.com'] }],
    ['an origin where the host is not told', { origin: ['https://api.example.com'], host: undefined }],
    ['an origin that stands in the host', { origin: ['https://evil.example'], host: 'evil.example/api.example.com' }],
    ['a foreign page with a method in small letters', { method: 'post', secFetchSite: ['cross-site'] }],
    ['a foreign page with a method that is not told', { method: undefined, secFetchSite: ['cross-site'] }],
  ])('is refused from %s', (_, page) => expect(crossSite(page)).toBe(true));

  it('is taken from a page of an origin that is trusted, and of no other', () => {
    const trusted = ['https://console.example.com'];
    const from = (...origin: string[]) => crossSite({ secFetchSite: ['same-site'], origin }, trusted);
    expect(from('https://console.example.com')).toBe(false);
    expect(from('https://console.example.com.evil.example')).toBe(true);
    expect(from('https://console.example.com', 'https://evil.example')).toBe(true);
    expect(from()).toBe(true);
  });
});

it.each(['GET', 'HEAD', 'OPTIONS'])('a %s changes nothing, so it is taken from everywhere', (method) =>
  expect(crossSite({ method, secFetchSite: ['cross-site'], origin: ['https://evil.example'] })).toBe(false),
);
