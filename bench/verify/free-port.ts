import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which Linux takes the source ports of outgoing connections (ip_local_port_range, 32768 up):
 * a client that dials a port of that range while nobody listens can be given the very port and connect to itself.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/**
 * A port on which nothing listens now and that nothing is given by chance. No draw of the run's own dice: two runs of one
 * seed, side by side, would want the same.
 * @throws Error after many tries
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
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
