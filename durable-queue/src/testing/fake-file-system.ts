import type { FileSystem, OpenFile } from '../file-system.ts';

interface Inode {
  data: Buffer;
  synced: Buffer;
}

/**
 * What is left of un-synced changes after the crash.
 * - `killed`: all of it, for only the process died
 * - `lost`: nothing
 * - `torn`: some sectors and some names, by the draws
 */
export type CrashKind = 'killed' | 'lost' | 'torn';

export interface FaultPlan {
  /** The call (counted from 1) at which everything stops: it never answers, nor does any after it. */
  readonly crashAt?: number;
  /** Answers an error for a call, before it does anything. */
  readonly fail?: (call: number, name: string, path: string) => string | undefined;
  /** Bytes of all files. @default no bound */
  readonly capacity?: () => number;
  /** Even draw in [0, 1). */
  readonly draw?: () => number;
}

const SECTOR = 512;

/** Files in memory that know what an fsync has brought to disk, and what a crash would leave. */
export class FakeFileSystem implements FileSystem {
  readonly crashed: Promise<void>;
  plan: FaultPlan;
  calls = 0;
  #names: Map<string, Inode>;
  #syncedNames: Map<string, Inode>;
  #dead = false;
  #crash: () => void = () => {};

  constructor(plan: FaultPlan = {}, names = new Map<string, Inode>()) {
    this.plan = plan;
    this.#names = names;
    this.#syncedNames = new Map(names);
    this.crashed = new Promise((resolve) => {
      this.#crash = resolve;
    });
  }

  /** The disk as a next process finds it. */
  reboot(kind: CrashKind, plan: FaultPlan = {}): FakeFileSystem {
    const draw = this.plan.draw ?? (() => 0.5);
    const names = new Map<string, Inode>();
    const all = new Set([...this.#names.keys(), ...this.#syncedNames.keys()]);
    for (const path of all) {
      const [live, synced] = [this.#names.get(path), this.#syncedNames.get(path)];
      const isKept = live === synced || kind === 'killed' || (kind === 'torn' && draw() < 0.5);
      const inode = isKept ? live : synced;
      if (inode !== undefined) names.set(path, settled(inode, kind, draw));
    }
    return new FakeFileSystem(plan, names);
  }

  get bytes(): number {
    return [...this.#names.values()].reduce((sum, { data }) => sum + data.length, 0);
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  content(path: string): Buffer {
    return inodeOf(this.#names, path).data;
  }

  /** Rot: what is on disk now is this. */
  overwrite(path: string, data: Buffer): void {
    const inode = inodeOf(this.#names, path);
    inode.data = data;
    inode.synced = data;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#call('makeDirectory', path, () => {});
  }

  list(path: string): Promise<string[]> {
    return this.#call('list', path, () =>
      [...this.#names.keys()].filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1)),
    );
  }

  create(path: string): Promise<OpenFile> {
    return this.#call('create', path, () => {
      if (this.#names.has(path)) throw failure('EEXIST', path);
      const inode = { data: Buffer.alloc(0), synced: Buffer.alloc(0) };
      this.#names.set(path, inode);
      return this.#file(path, inode);
    });
  }

  open(path: string): Promise<OpenFile> {
    return this.#call('open', path, () => this.#file(path, inodeOf(this.#names, path)));
  }

  remove(path: string): Promise<void> {
    return this.#call('remove', path, () => {
      inodeOf(this.#names, path);
      this.#names.delete(path);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', from, () => {
      this.#names.set(to, inodeOf(this.#names, from));
      this.#names.delete(from);
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#call('syncDirectory', path, () => {
      this.#syncedNames = new Map(this.#names);
    });
  }

  #file(path: string, inode: Inode): OpenFile {
    return {
      write: (bytes, position) =>
        this.#call(
          'write',
          path,
          () => this.#write(path, inode, bytes, position),
          // A call that a crash stops has got somewhere.
          () => void this.#write(path, inode, bytes.subarray(0, Math.floor(bytes.length * this.#draw())), position),
        ),
      read: (into, position) => this.#call('read', path, () => inode.data.copy(into, 0, position)),
      size: () => this.#call('size', path, () => inode.data.length),
      truncate: (length) =>
        this.#call('truncate', path, () => {
          inode.data = Buffer.from(inode.data.subarray(0, length));
        }),
      sync: () =>
        this.#call('sync', path, () => {
          inode.synced = Buffer.from(inode.data);
        }),
      close: () => this.#call('close', path, () => {}),
    };
  }

  #draw(): number {
    return this.plan.draw?.() ?? 0.5;
  }

  #write(path: string, inode: Inode, bytes: Uint8Array, position: number): number {
    const room = (this.plan.capacity?.() ?? Number.POSITIVE_INFINITY) - this.bytes;
    const most = Math.max(0, inode.data.length - position + room);
    const length = Math.min(bytes.length, most);
    if (length === 0 && bytes.length > 0) throw failure('ENOSPC', path);
    const data = Buffer.alloc(Math.max(inode.data.length, position + length));
    inode.data.copy(data);
    data.set(bytes.subarray(0, length), position);
    inode.data = data;
    return length;
  }

  #call<T>(name: string, path: string, work: () => T, partly?: () => void): Promise<T> {
    if (this.#dead) return new Promise(() => {});
    this.calls++;
    if (this.calls === this.plan.crashAt) {
      this.#dead = true;
      partly?.();
      this.#crash();
      return new Promise(() => {});
    }
    const code = this.plan.fail?.(this.calls, name, path);
    if (code !== undefined) return Promise.reject(failure(code, path));
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function inodeOf(names: ReadonlyMap<string, Inode>, path: string): Inode {
  const inode = names.get(path);
  if (inode === undefined) throw failure('ENOENT', path);
  return inode;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function settled({ data, synced }: Inode, kind: CrashKind, draw: () => number): Inode {
  if (kind === 'killed') return fresh(data);
  if (kind === 'lost') return fresh(synced);
  // Lengths are brought to disk in an order of their own: a sector that is missing below the length reads as zeros.
  const length = draw() < 0.5 ? data.length : synced.length;
  const torn = Buffer.alloc(length);
  for (let at = 0; at < length; at += SECTOR) {
    const source = draw() < 0.5 ? data : synced;
    if (at < source.length) source.copy(torn, at, at, Math.min(at + SECTOR, length, source.length));
  }
  return fresh(torn);
}

function fresh(data: Buffer): Inode {
  return { data: Buffer.from(data), synced: Buffer.from(data) };
}
