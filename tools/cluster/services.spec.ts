import { refuseUnknownVariables, services, variablesOf } from './services';

const everything = {
  DATABASE_URL: 'postgres://',
  LATCHKEY_PEPPER: 'p',
  LATCHKEY_MASTER_KEY: 'm',
  LATCHKEY_ADMIN_KEY: 'k',
  LATCHKEY_LOG_LEVEL: 'warn',
  NODE_OPTIONS: '--trace-warnings',
};

const given = (name: string) =>
  services.filter((service) => service.name === name).map((service) => variablesOf(service, everything));

describe('what a service of the cluster gets', () => {
  it('who keeps digests gets the pepper, and issuance alone the admin key', () => {
    const holders = (secret: string) =>
      services.filter((service) => secret in variablesOf(service, everything)).map(({ name }) => name);
    expect(holders('LATCHKEY_PEPPER')).toEqual(['issuance', 'oauth']);
    expect(holders('LATCHKEY_ADMIN_KEY')).toEqual(['issuance']);
  });

  it('enforcement and the sample API get neither database nor secrets', () => {
    const harmless = { LATCHKEY_LOG_LEVEL: 'warn', NODE_OPTIONS: '--trace-warnings' };
    expect(given('enforcement')).toEqual([harmless]);
    expect(given('assets-api')).toEqual([harmless]);
  });

  it('a variable that no service takes is refused by its name', () => {
    expect(() => refuseUnknownVariables({ LATCHKEY_PROFLE: 's4e' })).toThrow('LATCHKEY_PROFLE');
    expect(() => refuseUnknownVariables(everything)).not.toThrow();
  });
});
