import type { OpenFile } from '@fleetwright/durable-queue';
import type { Disk } from '../disk/disk.ts';
import { StoppingMachine } from './stopping-machine.ts';

/**
 * What is left of changes that were not flushed, when the machine stops.
 * - `killed`: all of it, for only the process died
 * - `lost`: nothing
 * - `torn`: some sectors and some names, by the draws
 * - `lied`: nothing, and what the last flush had answered for is lost with it
 */
export type StopKind = 'killed' | 'lost' | 'torn' | 'lied';

interface Inode {
  data: Buffer;
  synced: Buffer;
  /** Target of a symbolic link, which is never changed. */
  readonly link?: string;
}

type Names = Map<string, Inode>;

const SECTOR = 512;
const NOTHING = Buffer.alloc(0);

/** A disk in memory that knows what a flush has brought to it, and what a crash would leave. Directories are always there. */
export class SimulatedDisk implements Disk {
  machine: StoppingMachine;
  /** Bytes of all files. */
  capacity = 10_000_000;
  #names: Names;
  #synced: Names;
  /** Undoes the last flush. */
  #unflush: () => void = () => {};

  constructor(machine = new StoppingMachine(), names: Names = new Map()) {
    this.machine = machine;
    this.#names = names;
    this.#synced = new Map(names);
  }

  /** The disk as the next boot finds it. */
  reboot(kind: StopKind, machine: StoppingMachine, draw: () => number): SimulatedDisk {
    if (kind === 'lied') this.#unflush();
    const names: Names = new Map();
    for (const path of new Set([...this.#names.keys(), ...this.#synced.keys()])) {
      const [live, synced] = [this.#names.get(path), this.#synced.get(path)];
      const isKept = live === synced || kind === 'killed' || (kind === 'torn' && draw() < 0.5);
      const inode = isKept ? live : synced;
      if (inode !== undefined) names.set(path, settled(inode, kind, draw));
    }
    const disk = new SimulatedDisk(machine, names);
    disk.capacity = this.capacity;
    return disk;
  }

  content(path: string): Buffer | undefined {
    return this.#names.get(path)?.data;
  }

  /** Rot: what is on disk now is this. */
  overwrite(path: string, data: Buffer): void {
    const inode = this.#inode(path);
    inode.data = data;
    inode.synced = data;
  }

  get bytes(): number {
    return [...this.#names.values()].reduce((sum, { data }) => sum + data.length, 0);
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  list(path: string): Promise<string[]> {
    return this.machine.look(() => {
      const below = [...this.#names.keys()].filter((name) => name.startsWith(`${path}/`));
      return [...new Set(below.map((name) => name.slice(path.length + 1).split('/')[0] as string))];
    });
  }

  create(path: string): Promise<OpenFile> {
    return this.machine.call(() => {
      if (this.#names.has(path)) throw failure('EEXIST', path);
      const inode = { data: NOTHING, synced: NOTHING };
      this.#names.set(path, inode);
      return this.#file(path, inode);
    });
  }

  open(path: string): Promise<OpenFile> {
    return this.machine.look(() => this.#file(path, this.#inode(path)));
  }

  remove(path: string): Promise<void> {
    return this.machine.call(() => {
      this.#inode(path);
      this.#names.delete(path);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.machine.call(() => {
      this.#names.set(to, this.#inode(from));
      this.#names.delete(from);
    });
  }

  symlink(target: string, path: string): Promise<void> {
    return this.machine.call(() => {
      if (this.#names.has(path)) throw failure('EEXIST', path);
      this.#names.set(path, { data: NOTHING, synced: NOTHING, link: target });
    });
  }

  readLink(path: string): Promise<string> {
    return this.machine.look(() => {
      const { link } = this.#inode(path);
      if (link === undefined) throw failure('EINVAL', path);
      return link;
    });
  }

  setMode(path: string): Promise<void> {
    return this.machine.call(() => void this.#inode(path));
  }

  freeBytes(): Promise<number> {
    return this.machine.look(() => this.capacity - this.bytes);
  }

  /** Brings the names of one directory to disk. */
  syncDirectory(path: string): Promise<void> {
    return this.machine.call(() => {
      const before = this.#synced;
      const isIn = (name: string): boolean => name.slice(0, name.lastIndexOf('/')) === path;
      const after = new Map([...before].filter(([name]) => !isIn(name)));
      for (const [name, inode] of this.#names) if (isIn(name)) after.set(name, inode);
      this.#synced = after;
      this.#unflush = () => {
        this.#synced = before;
      };
    });
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode;
  }

  #file(path: string, inode: Inode): OpenFile {
    const { machine } = this;
    return {
      write: (bytes, position) => {
        const kept = Buffer.from(bytes);
        // A write that is stopped has got half-way.
        return machine.call(
          () => this.#write(path, inode, kept, position),
          () => void this.#write(path, inode, kept.subarray(0, kept.length >> 1), position),
        );
      },
      read: (into, position) => machine.look(() => inode.data.copy(into, 0, position)),
      size: () => machine.look(() => inode.data.length),
      truncate: (length) =>
        machine.call(() => {
          inode.data = Buffer.from(inode.data.subarray(0, length));
        }),
      sync: () =>
        machine.call(() => {
          const before = inode.synced;
          inode.synced = inode.data;
          this.#unflush = () => {
            inode.synced = before;
          };
        }),
      close: () => machine.look(() => {}),
    };
  }

  #write(path: string, inode: Inode, bytes: Buffer, position: number): number {
    const grown = Math.max(inode.data.length, position + bytes.length);
    if (this.bytes - inode.data.length + grown > this.capacity) throw failure('ENOSPC', path);
    const data = Buffer.alloc(grown);
    inode.data.copy(data);
    data.set(bytes, position);
    inode.data = data;
    return bytes.length;
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function settled(inode: Inode, kind: StopKind, draw: () => number): Inode {
  const { data, link, synced } = inode;
  const fresh = (bytes: Buffer): Inode => ({ data: bytes, synced: bytes, ...(link !== undefined && { link }) });
  if (kind === 'killed') return fresh(data);
  if (kind !== 'torn') return fresh(synced);
  // Lengths are brought to disk in an order of their own: a sector that is missing below the length reads as zeros.
  const length = draw() < 0.5 ? data.length : synced.length;
  const torn = Buffer.alloc(length);
  for (let at = 0; at < length; at += SECTOR) {
    const source = draw() < 0.5 ? data : synced;
    if (at < source.length) source.copy(torn, at, at, Math.min(at + SECTOR, length, source.length));
  }
  return fresh(torn);
}
