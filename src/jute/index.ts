export { JuteError, JuteReader } from './reader.js';
export { encodeToBuffer, JuteWriter } from './writer.js';
