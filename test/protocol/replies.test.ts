import { describe } from 'node:test';
import { showAll } from './codec.js';
import { REPLIES } from './replies.js';

describe('replies, as they are written and read', () => showAll(REPLIES));
