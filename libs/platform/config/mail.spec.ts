import { publicUrl, smtpServer } from './mail';

const parse = (text: string) => smtpServer.safeParse(text).data;

describe('the address of a mail server', () => {
  it('speaks TLS from the first byte, or before anything is said, beyond loopback', () => {
    expect(parse('smtps://mail.example.com')).toEqual({
      ...{ host: 'mail.example.com', port: 465, tls: 'implicit', login: null },
    });
    expect(parse('smtp://mail.example.com')).toMatchObject({ port: 587, tls: 'starttls' });
    expect(parse('smtp://[::1]:2525')).toEqual({ host: '::1', port: 2525, tls: 'none', login: null });
    expect(parse('smtp://127.0.0.1:2525?tls=required')).toMatchObject({ tls: 'starttls' });
    expect(parse('smtp://mail:1025?tls=none')).toMatchObject({ tls: 'none' });
  });

  it('may hold a login, whose password is a secret', () => {
    const { login } = parse('smtps://a%40b:p%3Aw@mail.example.com') ?? {};
    expect([login?.username, login?.password.reveal(), JSON.stringify(login)]).toEqual([
      ...['a@b', 'p:w', '{"username":"a@b","password":"[secret]"}'],
    ]);
  });

  it.each([
    ['a password in the clear', 'smtp://u:p@mail.example.com?tls=none'],
    ['another protocol', 'https://mail.example.com'],
    ['options that would be passed on', 'smtps://mail.example.com?logger=true'],
    ['two meanings', 'smtps://mail.example.com?tls=none'],
    ['a path', 'smtp://mail.example.com/x'],
    ['no host', 'smtp://'],
    ['nothing that is an address', 'mail.example.com'],
  ])('with %s is refused', (_what, text) => expect(parse(text)).toBeUndefined());
});

describe('the address that links begin with', () => {
  it.each(['https://id.example.com', 'https://example.com/latchkey/', 'http://127.0.0.1:8080', 'http://localhost'])(
    'may be %s',
    (text) => expect(publicUrl.safeParse(text).success).toBe(true),
  );

  it.each(['http://example.com', 'https://u@example.com', 'https://example.com/?a', 'https://example.com/#a', 'x'])(
    'is not %s',
    (text) => expect(publicUrl.safeParse(text).success).toBe(false),
  );
});
