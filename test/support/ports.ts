import { createServer } from 'node:net';

// Below the kernel's range for outgoing connections (32768 and up), so that nobody else is handed one of these meanwhile.
const LOWEST = 11000;
const HIGHEST = 30000;
let next = LOWEST + Math.floor((((process.pid * 7919) % 100003) / 100003) * (HIGHEST - LOWEST));

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Ports on loopback that nothing listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    next = next >= HIGHEST ? LOWEST : next + 1;
    if (await isFree(next)) ports.push(next);
  }
  return ports;
}
