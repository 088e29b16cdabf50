/** Every call that the queue makes to a disk: the port through which faults are injected. Errors carry Node's codes. */
export interface FileSystem {
  /** Makes the directory and its parents, mode 0700; one that is there is left as it is. */
  makeDirectory(path: string): Promise<void>;
  /** Names of the entries. */
  list(path: string): Promise<string[]>;
  /** Read and write, mode 0600; a file that is there is an error (`EEXIST`). */
  create(path: string): Promise<OpenFile>;
  /** Read and write a file that is there. */
  open(path: string): Promise<OpenFile>;
  remove(path: string): Promise<void>;
  /** Replaces `to` atomically. */
  rename(from: string, to: string): Promise<void>;
  /** Brings names that were made, changed or removed to disk. */
  syncDirectory(path: string): Promise<void>;
}

export interface OpenFile {
  /** Answers how many bytes were written, which may be fewer. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Answers how many bytes were read; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  truncate(length: number): Promise<void>;
  /** Brings the content, and the length, to disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const written = await file.write(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
    done += written;
  }
}

/** Fills `into` from `position` on; answers how many bytes there were. */
export async function readFully(file: OpenFile, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const got = await file.read(done === 0 ? into : into.subarray(done), position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

export async function readWhole(fileSystem: FileSystem, path: string): Promise<Buffer> {
  const file = await fileSystem.open(path);
  try {
    const bytes = Buffer.alloc(await file.size());
    return bytes.subarray(0, await readFully(file, bytes, 0));
  } finally {
    await file.close();
  }
}
