import { throughputRatio } from '../contender';
import {
  creatorAmongFew,
  creatorAmongMany,
  firstPage,
  lastPage,
  pageByExpiry,
  pageByName,
  pageByStatus,
} from '../contenders/keys';
import type { Benchmark } from './benchmark';

export const keys: Benchmark = {
  name: 'keys',
  title: 'A workspace with very many keys: pages of their list, and one key more',
  concurrency: 16,
  cores: 'server-alone',
  contenders: {
    'first-page': firstPage,
    'last-page': lastPage,
    'by-name': pageByName,
    'by-status': pageByStatus,
    'by-expiry': pageByExpiry,
    create: creatorAmongMany,
    'create-among-few': creatorAmongFew,
  },
  comparisons: [
    throughputRatio('last-page', 'first-page', 0.8),
    throughputRatio('by-name', 'first-page'),
    throughputRatio('by-status', 'first-page'),
    throughputRatio('by-expiry', 'first-page'),
    throughputRatio('create', 'create-among-few', 0.8),
  ],
};
