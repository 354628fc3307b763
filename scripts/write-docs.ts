// npm run docs: writes the pages of docs/ that are made from the source.
import { writeFile } from 'node:fs/promises';
import { CONFIGURATION_FILE, configurationPage } from './docs/configuration.js';

await writeFile(CONFIGURATION_FILE, await configurationPage());
