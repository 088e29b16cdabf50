import type { Socket } from 'node:net';
import type { NucleusClock } from '../clock.ts';
import type { NucleusLog } from '../log.ts';
import { encodeFrame, type Frame, FrameReader, headerText, MESSAGE_FLAG, MESSAGE_TYPE } from './frames.ts';
import { IpcError } from './ipc-error.ts';
import { IpcStream, SERVICE } from './ipc-stream.ts';
import { asModelled } from './modelled-errors.ts';
import { type IpcCaller, type IpcOperation, IpcServiceError } from './operation.ts';

/** Version of the RPC protocol that clients name (`:version` of their CONNECT). */
const PROTOCOL_VERSION = '0.1.0';

/** ms for a connection to say who it is */
const CONNECT_TIMEOUT = 10_000;
/** Streams of one connection that are open at once. */
export const MAX_STREAMS = 1_000;
/** Bytes that wait for a client to read. Above the first it is not read from; above the second it is cut off. */
const HIGH_WATER = 1024 * 1024;
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export interface ConnectionPorts {
  /** Undefined: no component has this token. */
  authenticate(token: string): IpcCaller | undefined;
  readonly operations: ReadonlyMap<string, IpcOperation>;
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
}

/**
 * One client on the socket.
 *
 * INVARIANTS
 * - Nothing but CONNECT is answered before a token was taken.
 * - A stream id is used once; ids grow (aws-c-event-stream, `aws_event_stream_rpc_client_connection_new_stream`).
 * - What a client does wrong ends its own stream or its own connection, and nothing else.
 */
export class IpcConnection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  readonly #reader = new FrameReader();
  readonly #streams = new Map<number, IpcStream>();
  readonly #timer: { cancel(): void };
  #caller: IpcCaller | undefined;
  #lastStreamId = 0;
  #refused = false;
  #closed = false;

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
    this.#timer = ports.clock.after(CONNECT_TIMEOUT, () => this.#end('no CONNECT in time'));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => socket.resume());
    socket.on('error', () => {});
    socket.on('close', () => this.#closeStreams());
  }

  /** Undefined until it has said who it is. */
  get caller(): IpcCaller | undefined {
    return this.#caller;
  }

  /** Ends the connection from this side. */
  close(reason: string): void {
    this.#end(reason);
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#closed) return;
        this.#take(frame);
      }
    } catch (error) {
      if (!(error instanceof IpcError)) throw error;
      this.#violate(error.message);
    }
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case MESSAGE_TYPE.connect:
        this.#connect(frame);
        return;
      case MESSAGE_TYPE.ping:
        this.#write({ ...frame, type: MESSAGE_TYPE.pingResponse, flags: 0 });
        return;
      case MESSAGE_TYPE.pingResponse:
        return;
      case MESSAGE_TYPE.applicationMessage:
      case MESSAGE_TYPE.applicationError:
        if (this.#caller === undefined) throw new IpcError('PROTOCOL_VIOLATED', 'a message before CONNECT');
        if (frame.streamId <= 0) throw new IpcError('PROTOCOL_VIOLATED', `a message on stream ${frame.streamId}`);
        this.#onStream(frame, this.#caller);
        return;
      default:
        throw new IpcError('PROTOCOL_VIOLATED', `a client does not send messages of type ${frame.type}`);
    }
  }

  #connect(frame: Frame): void {
    if (this.#caller !== undefined || this.#refused) throw new IpcError('PROTOCOL_VIOLATED', 'a second CONNECT');
    if (frame.streamId !== 0) throw new IpcError('PROTOCOL_VIOLATED', 'a CONNECT on a stream');
    const version = headerText(frame.headers, ':version');
    const token = tokenOf(frame.payload);
    const caller = version === PROTOCOL_VERSION && token !== undefined ? this.#ports.authenticate(token) : undefined;
    const accepted = caller !== undefined;
    this.#write({
      type: MESSAGE_TYPE.connectAck,
      flags: accepted ? MESSAGE_FLAG.connectionAccepted : 0,
      streamId: 0,
      headers: {},
      payload: new Uint8Array(),
    });
    if (!accepted) {
      // The client ends it, when it has read why; one that does not is ended in time.
      const reason = version === PROTOCOL_VERSION ? 'no component has this token' : `protocol version ${version}`;
      this.#ports.log('warn', 'an IPC client was refused', { reason });
      this.#refused = true;
      return;
    }
    this.#timer.cancel();
    this.#caller = caller;
  }

  #onStream(frame: Frame, caller: IpcCaller): void {
    const { streamId } = frame;
    const known = this.#streams.get(streamId);
    if (known !== undefined) {
      if ((frame.flags & MESSAGE_FLAG.terminateStream) !== 0) known.end();
      return;
    }
    // A client that ends a stream which has just ended here says nothing new.
    if (streamId <= this.#lastStreamId) return;
    this.#lastStreamId = streamId;
    const stream = new IpcStream(streamId, (out) => this.#write(out));
    const name = headerText(frame.headers, 'operation') ?? '';
    const operation = name.startsWith(SERVICE) ? this.#ports.operations.get(name.slice(SERVICE.length)) : undefined;
    if (operation === undefined) {
      this.#ports.log('warn', 'an operation is not supported', { operation: name, component: caller.componentName });
      stream.fail(new IpcServiceError('ServiceError', `the operation ${name} is not supported`));
      return;
    }
    if (this.#streams.size >= MAX_STREAMS) {
      stream.fail(new IpcServiceError('ServiceError', `more than ${MAX_STREAMS} streams are open`));
      return;
    }
    this.#streams.set(streamId, stream);
    stream.onEnd(() => this.#streams.delete(streamId));
    void this.#run(operation, frame.payload, caller, stream);
  }

  async #run(operation: IpcOperation, payload: Uint8Array, caller: IpcCaller, stream: IpcStream): Promise<void> {
    try {
      const response = await operation.run(requestOf(payload), caller, stream);
      stream.respond(`${operation.name}Response`, response, operation.streaming !== true);
    } catch (error) {
      if (error instanceof IpcServiceError) {
        const { message, shape } = error;
        const fields = { operation: operation.name, component: caller.componentName, shape, reason: message };
        this.#ports.log('warn', 'an operation was refused', fields);
        stream.fail(asModelled(operation.name, error));
        return;
      }
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#ports.log('error', 'an operation failed', { operation: operation.name, reason });
      stream.fail(new IpcServiceError('ServiceError', 'the nucleus failed; its log says why'));
    }
  }

  #write(frame: Frame): boolean {
    if (this.#closed || !this.#socket.writable) return false;
    this.#socket.write(encodeFrame(frame));
    const waiting = this.#socket.writableLength;
    if (waiting > MAX_WAITING_BYTES) {
      this.#end('it reads too slowly');
      return false;
    }
    if (waiting > HIGH_WATER) this.#socket.pause();
    return waiting <= HIGH_WATER;
  }

  #violate(reason: string): void {
    const payload = Buffer.from(JSON.stringify({ message: reason }));
    const headers = { ':content-type': { type: 'string' as const, value: 'application/json' } };
    this.#write({ type: MESSAGE_TYPE.protocolError, flags: 0, streamId: 0, headers, payload });
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#ports.log('info', 'an IPC connection ends', { component: this.#caller?.componentName, reason });
    this.#closeStreams();
    this.#socket.destroySoon();
    const timer = this.#ports.clock.after(CONNECT_TIMEOUT, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
    // What the client still sends is read and thrown away, or the end of its stream is never seen.
    this.#socket.resume();
  }

  #closeStreams(): void {
    this.#closed = true;
    this.#timer.cancel();
    for (const stream of [...this.#streams.values()]) stream.end();
  }
}

/** @throws IpcServiceError `InvalidArgumentsError` */
function requestOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = payload.length === 0 ? {} : JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    throw new IpcServiceError('InvalidArgumentsError', 'the request is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new IpcServiceError('InvalidArgumentsError', 'the request is no JSON object');
  }
  return value as Record<string, unknown>;
}

function tokenOf(payload: Uint8Array): string | undefined {
  try {
    const { authToken } = JSON.parse(Buffer.from(payload).toString('utf8')) as { authToken?: unknown };
    return typeof authToken === 'string' ? authToken : undefined;
  } catch {
    return undefined;
  }
}
