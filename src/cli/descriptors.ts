/** File descriptors of this process, as Linux tells them in /proc; NaN, which `mntr` leaves out, where there is none. */
import { readdirSync, readFileSync } from 'node:fs';

/** How many are open. */
export function openDescriptors(): number {
  try {
    // Less the one that lists the folder.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return Number.NaN;
  }
}

/** How many may be open (the soft limit). */
export function descriptorLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]);
  } catch {
    return Number.NaN;
  }
}
