import { readFile } from 'node:fs/promises';
import { endianness, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import {
  establishedSockets,
  type InterfaceCounters,
  listeningSockets,
  openDatagramSockets,
  type ProcSocket,
  parseInterfaces,
  parseSockets,
} from './proc-net.ts';

/** What a device's network looks like at one moment. */
export interface NetworkSnapshot {
  readonly listeningTcp: readonly ProcSocket[];
  readonly listeningUdp: readonly ProcSocket[];
  readonly established: readonly ProcSocket[];
  readonly counters: ReadonlyMap<string, InterfaceCounters>;
  /** Name of the interface that has an address; undefined when none has, or all do (`0.0.0.0`, `::`). */
  interfaceOf(address: string): string | undefined;
}

export interface NetworkSource {
  read(): Promise<NetworkSnapshot>;
}

/** Linux: `/proc/net` of the agent's own network namespace. */
export function linuxNetwork(procNet = '/proc/net'): NetworkSource {
  const littleEndian = endianness() === 'LE';
  const sockets = async (...names: string[]): Promise<ProcSocket[]> => {
    const texts = await Promise.all(names.map((name) => textOf(join(procNet, name))));
    return texts.flatMap((text) => parseSockets(text, littleEndian));
  };
  return {
    async read() {
      const [tcp, udp, dev] = await Promise.all([
        sockets('tcp', 'tcp6'),
        sockets('udp', 'udp6'),
        readFile(join(procNet, 'dev'), 'utf8'),
      ]);
      const names = new Map<string, string>();
      for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
        for (const { address } of addresses) names.set(address, name);
      }
      return {
        listeningTcp: listeningSockets(tcp),
        listeningUdp: openDatagramSockets(udp),
        established: establishedSockets(tcp),
        counters: parseInterfaces(dev),
        interfaceOf: (address) => names.get(address),
      };
    },
  };
}

/** A kernel without IPv6 has no such file. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
