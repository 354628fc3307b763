import { describe } from 'node:test';
import { showAll } from './codec.js';
import { ELECTION } from './election.js';

describe('greetings and notifications of elections, as they are written and read', () => showAll(ELECTION));
