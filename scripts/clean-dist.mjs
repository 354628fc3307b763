// Empties dist/ so that a removed source file leaves nothing behind in the built package.
import { rmSync } from 'node:fs';
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
