import { createServer } from 'node:net';
import type { Dice } from './dice.ts';

/**
 * Below the range from which Linux takes the source ports of outgoing connections (ip_local_port_range, 32768 up):
 * a client that dials a port of that range while nobody listens can be given the very port and connect to itself.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** A port on which nothing listens now and that nothing is given by chance. @throws Error after many tries */
export async function freePort(dice: Dice): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = dice.between(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
