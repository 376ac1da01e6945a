import { isLoopback } from './loopback';

it.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.0.0.1.evil.example', false],
  ['192.168.0.1', false],
  ['', false],
])('%s is loopback: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
