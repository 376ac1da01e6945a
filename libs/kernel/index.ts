export * from './assert-never';
export * from './brand';
export * from './clock';
export * from './error-codes';
export * from './errors';
export * from './ids';
export * from './loopback';
export * from './secret';
