import type { UploadMessage } from '@fleetwright/contracts';

export type UploadPriority = UploadMessage['priority'];

/** An upload that was handed out. */
export interface PendingUpload {
  readonly message: UploadMessage;
  /** The spool has it: it need not be kept any more. */
  done(): Promise<void>;
}

/** Uploads that were not given to the spool yet. */
export interface UploadBacklog {
  /** Resolves when it is kept. @returns how many uploads were dropped for it, itself among them */
  add(message: UploadMessage): Promise<number>;
  /** The oldest of a priority that was not handed out. */
  next(priority: UploadPriority): Promise<PendingUpload | undefined>;
  /** How many are kept, those handed out included. */
  readonly size: number;
  close(): Promise<void>;
}

/** The most urgent first. */
export const UPLOAD_PRIORITIES: readonly UploadPriority[] = ['alarm', 'normal', 'bulk'];

/** In memory: gone with the process. What is least urgent and oldest gives way. */
export class MemoryBacklog implements UploadBacklog {
  readonly #limit: number;
  readonly #waiting = new Map<UploadPriority, UploadMessage[]>(UPLOAD_PRIORITIES.map((priority) => [priority, []]));
  #handedOut = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    let size = this.#handedOut;
    for (const waiting of this.#waiting.values()) size += waiting.length;
    return size;
  }

  async add(message: UploadMessage): Promise<number> {
    this.#of(message.priority).push(message);
    if (this.size <= this.#limit) return 0;
    const victims = UPLOAD_PRIORITIES.findLast((priority) => this.#of(priority).length > 0) ?? message.priority;
    this.#of(victims).shift();
    return 1;
  }

  async next(priority: UploadPriority): Promise<PendingUpload | undefined> {
    const message = this.#of(priority).shift();
    if (message === undefined) return undefined;
    this.#handedOut++;
    return { message, done: async () => void this.#handedOut-- };
  }

  async close(): Promise<void> {}

  #of(priority: UploadPriority): UploadMessage[] {
    return this.#waiting.get(priority) ?? [];
  }
}
