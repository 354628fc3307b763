export { JuteError, JuteReader } from './reader.js';
export { decodeUtf8 } from './utf8.js';
export { encodeToBuffer, JuteWriter } from './writer.js';
