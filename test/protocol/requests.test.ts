import { describe } from 'node:test';
import { showAll } from './codec.js';
import { REQUESTS } from './requests.js';

describe('requests, as they are written and read', () => showAll(REQUESTS));
