import { z } from 'zod';
import { asksInOneWay, enforcementVariables } from './enforcement-nodes';
import { loadConfig, type Environment } from './load-config';

describe('the nodes of enforcement', () => {
  const load = (env: Environment) => loadConfig(z.object(enforcementVariables), env, [asksInOneWay]);
  const grpc = { LATCHKEY_ENFORCEMENT_GRPC: '127.0.0.1:50051, [::1]:50052' };
  const urls = { LATCHKEY_ENFORCEMENT_URLS: 'http://127.0.0.1:8080' };

  it('are asked over gRPC or over HTTP', () => {
    expect(load(grpc).LATCHKEY_ENFORCEMENT_GRPC).toEqual(['127.0.0.1:50051', '[::1]:50052']);
    expect(load(urls).LATCHKEY_ENFORCEMENT_URLS).toEqual(['http://127.0.0.1:8080']);
  });

  it('are not guessed when both are given, or neither', () => {
    expect(() => load({ ...grpc, ...urls })).toThrow('LATCHKEY_ENFORCEMENT_URLS: must be absent');
    expect(() => load({})).toThrow('LATCHKEY_ENFORCEMENT_GRPC: is required, or');
  });

  it('have a port over gRPC', () => {
    expect(() => load({ LATCHKEY_ENFORCEMENT_GRPC: '127.0.0.1' })).toThrow('must be host:port');
  });
});
