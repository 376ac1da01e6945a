import { cookiesOf, headersOf } from './carriers';

it('every value of a header is seen, however its name is written', () => {
  const headers = headersOf(['Authorization', 'Bearer a', 'X', '1', 'authorization', 'Bearer b', '__proto__', 'x']);
  expect({ ...headers }).toEqual({ authorization: ['Bearer a', 'Bearer b'], x: ['1'], ['__proto__']: ['x'] });
});

it('every value of a cookie is seen, in one header or several', () => {
  expect({ ...cookiesOf(['token=a.b=c; x=1', ' token=d;y']) }).toEqual({ token: ['a.b=c', 'd'], x: ['1'], y: [''] });
  expect({ ...cookiesOf() }).toEqual({});
});
