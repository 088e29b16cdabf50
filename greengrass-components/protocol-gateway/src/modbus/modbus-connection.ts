import { ModbusTCPClient } from 'jsmodbus';
import { BackOff } from '../points/back-off.ts';
import type { SourcePorts } from '../points/field-source.ts';
import { ModbusSocket } from './modbus-socket.ts';

/** `exception`: the device answered with one; the others: it did not answer. */
export type ModbusTroubleKind = 'exception' | 'timeout' | 'offline' | 'rubbish';

export class ModbusTrouble extends Error {
  override readonly name = 'ModbusTrouble';
  readonly kind: ModbusTroubleKind;
  /** Exception code (MODBUS Application Protocol V1.1b3, 7). */
  readonly code: number | undefined;

  constructor(kind: ModbusTroubleKind, message: string, code?: number) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

export interface ModbusAddress {
  readonly host: string;
  readonly port: number;
  readonly unit: number;
  readonly timeoutMs: number;
  readonly reconnect: { readonly minMs: number; readonly maxMs: number };
}

type Task = (client: ModbusTCPClient) => Promise<unknown>;

interface Entry {
  readonly task: Task;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Answers missing in a row after which a connection counts as half-open. */
const MAX_TIMEOUTS = 3;

/**
 * A connection to a device that comes back by itself, with one request on its way at a time. Urgent requests go ahead of those
 * that wait.
 *
 * INVARIANT: the back-off starts anew only after an answer, so that a device that takes connections and answers rubbish
 * is not called again and again.
 */
export class ModbusConnection {
  readonly #address: ModbusAddress;
  readonly #ports: SourcePorts;
  readonly #backOff: BackOff;
  readonly #urgent: Entry[] = [];
  readonly #waiting: Entry[] = [];
  #socket: ModbusSocket | undefined;
  #client: ModbusTCPClient | undefined;
  #timer: { cancel(): void } | undefined;
  #busy = false;
  #timeouts = 0;
  #closed = false;
  #problem = 'not connected yet';

  constructor(address: ModbusAddress, ports: SourcePorts) {
    this.#address = address;
    this.#ports = ports;
    this.#backOff = new BackOff(address.reconnect, ports.random);
  }

  get ready(): boolean {
    return this.#client !== undefined;
  }

  /** Why it is not ready. */
  get problem(): string {
    return this.#problem;
  }

  open(): void {
    const { host, port, timeoutMs, unit } = this.#address;
    const socket = new ModbusSocket();
    // The client listens to `connect` and `data` of the socket from here on.
    const client = new ModbusTCPClient(socket, unit, timeoutMs);
    this.#socket = socket;
    this.#timer = this.#ports.clock.after(timeoutMs, () => socket.destroy(new Error('no connection in time')));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.on('error', (error) => {
      this.#problem = error.message;
    });
    socket.on('connect', () => {
      this.#timer?.cancel();
      this.#timeouts = 0;
      this.#problem = 'closed by the device';
      this.#client = client;
    });
    socket.on('close', () => this.#onClose());
    socket.connect({ host, port });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    const socket = this.#socket;
    this.#client = undefined;
    this.#drop(new ModbusTrouble('offline', 'the source is stopped'));
    if (socket === undefined || socket.closed) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.destroy();
    });
  }

  /** @throws ModbusTrouble or what the task throws */
  request<T>(task: (client: ModbusTCPClient) => Promise<T>, urgent = false): Promise<T> {
    if (!this.ready) return Promise.reject(new ModbusTrouble('offline', `no connection: ${this.#problem}`));
    return new Promise<T>((resolve, reject) => {
      (urgent ? this.#urgent : this.#waiting).push({ task, resolve: resolve as Entry['resolve'], reject });
      this.#next();
    });
  }

  #next(): void {
    const client = this.#client;
    if (this.#busy || client === undefined) return;
    const entry = this.#urgent.shift() ?? this.#waiting.shift();
    if (entry === undefined) return;
    this.#busy = true;
    Promise.resolve()
      .then(() => entry.task(client))
      .then(
        (result) => {
          this.#timeouts = 0;
          this.#backOff.reset();
          entry.resolve(result);
        },
        (error: unknown) => {
          const trouble = troubleOf(error);
          if (trouble instanceof ModbusTrouble) this.#note(trouble);
          entry.reject(trouble);
        },
      )
      .finally(() => {
        this.#busy = false;
        this.#next();
      });
  }

  #note({ kind }: ModbusTrouble): void {
    if (kind === 'exception') {
      this.#timeouts = 0;
      this.#backOff.reset();
    }
    if (kind === 'timeout' && ++this.#timeouts >= MAX_TIMEOUTS) this.#socket?.destroy(new Error('does not answer'));
    if (kind === 'rubbish') this.#socket?.destroy(new Error('answers what was not asked'));
  }

  #onClose(): void {
    this.#timer?.cancel();
    this.#client = undefined;
    this.#drop(new ModbusTrouble('offline', `no connection: ${this.#problem}`));
    if (this.#closed) return;
    this.#timer = this.#ports.clock.after(this.#backOff.next(), () => this.open());
  }

  #drop(trouble: ModbusTrouble): void {
    for (const { reject } of [...this.#urgent.splice(0), ...this.#waiting.splice(0)]) reject(trouble);
  }
}

/** The library rejects with objects that are no errors: `{ err, message, response }`. */
function troubleOf(error: unknown): unknown {
  if (error instanceof Error || typeof error !== 'object' || error === null || !('err' in error)) return error;
  const { err, response } = error as { err: unknown; response?: { body?: { code?: unknown } } };
  if (err === 'ModbusException') {
    const code = Number(response?.body?.code);
    return new ModbusTrouble('exception', `exception ${code}: ${EXCEPTIONS[code] ?? 'unknown'}`, code);
  }
  if (err === 'Timeout') return new ModbusTrouble('timeout', 'no answer in time');
  if (err === 'Offline') return new ModbusTrouble('offline', 'the connection was lost');
  return new ModbusTrouble('rubbish', 'the answer does not fit the request');
}

/** MODBUS Application Protocol V1.1b3, 7. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledge',
  6: 'device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target does not respond',
};
