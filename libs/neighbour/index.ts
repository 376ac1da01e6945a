export * from './neighbour-client';
