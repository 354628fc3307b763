import { describe } from 'node:test';
import { showAll } from './codec.js';
import { QUORUM } from './quorum.js';

describe('packets between leader and learners, as they are written and read', () => showAll(QUORUM));
