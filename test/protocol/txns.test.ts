import { describe } from 'node:test';
import { showAll } from './codec.js';
import { TXNS } from './txns.js';

describe('transactions, as they are written and read', () => showAll(TXNS));
