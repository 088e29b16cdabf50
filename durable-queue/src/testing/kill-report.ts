import type { SyncPolicy } from '../options.ts';
import type { Priority } from '../priority.ts';

export interface KillOrder {
  readonly directory: string;
  readonly sync: SyncPolicy;
  /** Items of one write and one delivery, at most. */
  readonly group: number;
  /** Bytes of the queue's files. */
  readonly maxBytes: number;
  readonly drain: boolean;
  readonly channels: readonly KillChannel[];
}

export interface KillChannel {
  readonly channel: string;
  readonly priority: Priority;
  /** Number that it goes on with, and number at which it ends. */
  readonly next: number;
  readonly until: number;
  /** Puts little, and is taken only when nothing is put any more. */
  readonly lags: boolean;
}

const STORED = 1;
const HANDED_OUT = 2;
const ABOUT_TO_ACK = 4;

/** What the world has seen of one channel's items, over all lives of the process. */
class ChannelAccount {
  readonly seen: Uint8Array;
  /** Above every number that any life may have put. */
  next = 0;
  /** Last number handed out in this life. */
  position = -1;

  constructor(until: number) {
    this.seen = new Uint8Array(until);
  }
}

/** Reads the lines of the killed processes, and judges them. */
export class KillAccount {
  readonly #channels = new Map<string, ChannelAccount>();
  readonly #until: number;
  readonly wrong: string[] = [];
  stored = 0;
  duplicates = 0;
  marked = 0;
  drained = false;
  /** In all lives. */
  compactions = 0;

  constructor(channels: readonly string[], until: number) {
    this.#until = until;
    for (const channel of channels) this.#channels.set(channel, new ChannelAccount(until));
  }

  next(channel: string): number {
    return this.#of(channel).next;
  }

  /** A new process begins. Items that were given and not answered for before are given no second time. */
  begin(group: number): void {
    for (const account of this.#channels.values()) {
      if (account.next > 0 || account.position >= 0) account.next = Math.min(this.#until, account.next + group);
      account.position = -1;
    }
  }

  line(text: string): void {
    const [kind, channel = '', ...rest] = text.split(' ');
    if (kind === 'e') {
      this.drained = true;
      return;
    }
    if (kind === 'c') {
      this.compactions++;
      return;
    }
    const account = this.#of(channel);
    const [first = 0, last = 0, marked = 0] = rest.map(Number);
    if (kind === 'x') this.wrong.push(`dropped: ${channel} ${first}`);
    else if (kind === 'p') this.#stored(account, first, last);
    else if (kind === 'a') this.#about(account, first);
    else if (kind === 'd') this.#handedOut(channel, account, first, last, marked === 1);
  }

  /** After the last drain. */
  finish(): void {
    for (const [channel, { seen }] of this.#channels) {
      for (const [number, flags] of seen.entries()) {
        if ((flags & STORED) !== 0 && (flags & HANDED_OUT) === 0) this.wrong.push(`lost: ${channel} ${number}`);
      }
    }
  }

  #stored(account: ChannelAccount, first: number, last: number): void {
    for (let number = first; number <= last; number++) account.seen[number] = (account.seen[number] as number) | STORED;
    account.next = last + 1;
    this.stored += last + 1 - first;
  }

  #about(account: ChannelAccount, last: number): void {
    account.seen[last] = (account.seen[last] as number) | ABOUT_TO_ACK;
  }

  #handedOut(channel: string, account: ChannelAccount, first: number, last: number, marked: boolean): void {
    if (first <= account.position) this.wrong.push(`out of order: ${channel} ${first} after ${account.position}`);
    account.position = last;
    for (let number = first; number <= last; number++) {
      const flags = account.seen[number];
      if (flags === undefined) {
        this.wrong.push(`invented: ${channel} ${number}`);
        continue;
      }
      if (marked) this.marked++;
      if ((flags & HANDED_OUT) !== 0) {
        this.duplicates++;
        if (!marked) this.wrong.push(`not marked: ${channel} ${number}`);
      } else if (this.#isPassed(account, number)) this.wrong.push(`out of order over a restart: ${channel} ${number}`);
      account.seen[number] = flags | HANDED_OUT;
    }
  }

  /** Something above was handed out before: an item that is new now was passed over. */
  #isPassed({ seen }: ChannelAccount, number: number): boolean {
    return ((seen[number + 1] ?? 0) & HANDED_OUT) !== 0;
  }

  #of(channel: string): ChannelAccount {
    const account = this.#channels.get(channel);
    if (account === undefined) throw new Error(`invented channel: ${channel}`);
    return account;
  }
}
