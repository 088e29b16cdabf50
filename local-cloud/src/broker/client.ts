import type { Timer } from '../core/clock.ts';
import type { ConnectionActivity, DeviceConnection, PublisherIdentity } from '../core/mqtt.ts';
import { AckQueue, type AckSink } from './ack-queue.ts';
import type { BrokerCore } from './broker-core.ts';
import type { Identify } from './credentials.ts';
import type { Delivery } from './delivery.ts';
import type { Holdable } from './ingress-gauge.ts';
import { KEEP_ALIVE_FACTOR } from './limits.ts';
import type { BrokerMessage } from './message.ts';
import type { SubscriberLink } from './outbound-queue.ts';
import { Output } from './output.ts';
import { type DisconnectReason, ProtocolViolation, REASON } from './reason-codes.ts';
import type { Session } from './session.ts';
import { TokenBucket } from './token-bucket.ts';
import type { TopicInfo } from './topic-table.ts';
import type { Transport } from './transport.ts';
import type { WillRecord } from './will.ts';
import type { ProtocolVersion } from './wire/connect-packet.ts';
import { disconnect, pubackRefused } from './wire/control-packets.ts';
import { publishLength } from './wire/encode-publish.ts';
import { FRAME, FrameReader } from './wire/frame-reader.ts';

/** Handles one packet: its fixed header byte and its body `buffer[start, end)`. @throws ProtocolViolation */
export type PacketHandler = (client: Client, header: number, buffer: Buffer, start: number, end: number) => void;

/** A client whose CONNECT was accepted. */
export interface Established {
  readonly connection: DeviceConnection;
  readonly session: Session;
  readonly publisher: PublisherIdentity;
  readonly versionNumber: number;
  readonly keepAliveSeconds: number;
  /** Receive Maximum of the client, within AWS's limit. */
  readonly window: number;
  readonly maximumPacketSize: number;
  readonly will: WillRecord | undefined;
  readonly activity: ConnectionActivity | undefined;
  /** Ends the connection when its credentials do. */
  readonly end: ConnectionEnd | undefined;
}

export interface ConnectionEnd {
  /** ms since the epoch */
  readonly at: number;
  readonly reason: DisconnectReason;
}

/** What the registry of connections hears. */
export interface ClientObserver {
  /** A new connection takes this client id: an earlier one ends [MQTT-3.1.4-3] (3.1.1: [MQTT-3.1.4-2]). */
  takeOver(clientId: string): void;
  established(client: Client, state: Established): void;
  /** Called once, when the connection ends for whatever reason. */
  ended(client: Client, reason: DisconnectReason, withWill: boolean): void;
}

/** Why nothing is read from a socket for now. */
export const HOLD = { acknowledgements: 1, output: 2, rate: 4, ingress: 8, authentication: 16 } as const;

const CONNECT_BYTE = 0x10;

/** Clients with a smaller maximum packet size get no reason strings. */
const SMALL_PACKET_BYTES = 256;

/** ms that a closing socket has to send what is left. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * One connection.
 *
 * INVARIANTS
 * - Packets are handled in their order, one after the other; while the connection is held none is.
 * - After {@link close} no packet is handled or sent, and the observer has heard of the end exactly once.
 */
export class Client implements SubscriberLink, AckSink, Holdable {
  readonly core: BrokerCore;
  /** Until the CONNECT: what it holds of certificates is not kept for the life of the connection. */
  identify: Identify | undefined;
  readonly sourceIp: string;
  readonly output: Output;
  readonly acks: AckQueue;
  readonly observer: ClientObserver;
  protocolVersion: ProtocolVersion = 4;
  state: Established | undefined;
  /** ms since the epoch at which the packets now handled arrived. */
  receivedAt: number;
  lastTopic: TopicInfo | undefined;
  /** Topics by the alias that the client gave them. */
  readonly aliases: (TopicInfo | undefined)[] = [];
  readonly publishRate: TokenBucket;
  readonly #socket: Transport;
  readonly #handle: PacketHandler;
  readonly #reader: FrameReader;
  readonly #byteRate: TokenBucket;
  #lastPacketAt: number;
  #held = 0;
  #handling = false;
  #closed = false;
  #timer: Timer | undefined;
  #endTimer: Timer | undefined;
  #rateTimer: Timer | undefined;

  constructor(
    core: BrokerCore,
    socket: Transport,
    identify: Identify,
    handle: PacketHandler,
    observer: ClientObserver,
  ) {
    const { limits } = core;
    const { clock } = core.context;
    this.core = core;
    this.identify = identify;
    this.sourceIp = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.receivedAt = clock.now();
    this.#lastPacketAt = this.receivedAt;
    this.output = new Output(
      socket,
      core.flusher,
      () => clock.now(),
      limits.outboundBufferBytes,
      () => this.#roomForOutput(),
    );
    this.acks = new AckQueue(this);
    this.publishRate = new TokenBucket(limits.publishesPerSecond, this.receivedAt);
    this.#byteRate = new TokenBucket(limits.bytesPerSecond, this.receivedAt);
    this.#reader = new FrameReader(limits.packetBytes);
    this.#socket = socket;
    this.#handle = handle;
    this.observer = observer;
    this.#timer = clock.after(limits.connectTimeoutMs, () => this.#connectTimedOut());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', ignore);
    socket.on('close', () => this.#end('CONNECTION_LOST', true));
  }

  get closed(): boolean {
    return this.#closed;
  }

  get repeats(): boolean {
    return this.protocolVersion === 4;
  }

  get window(): number {
    return this.state?.window ?? 0;
  }

  get writable(): boolean {
    return !this.#closed && !this.output.backedUp;
  }

  /** The CONNECT was accepted: keep-alive begins, messages may flow. */
  establish(state: Established): void {
    this.state = state;
    this.#timer?.cancel();
    this.#watchKeepAlive(state.keepAliveSeconds * KEEP_ALIVE_FACTOR * 1000);
    if (state.end !== undefined) this.#endAt(state.end);
    this.observer.established(this, state);
  }

  /** The client said goodbye below MQTT: a WebSocket Close frame (developer guide, life-cycle-events.html). */
  farewell(): void {
    this.#end('CLIENT_INITIATED_DISCONNECT', false);
  }

  mayReceive(topic: string): boolean {
    const { state } = this;
    return state !== undefined && this.core.devices.isAllowed(state.connection, 'iot:Receive', topic);
  }

  deliver(delivery: Delivery, message: BrokerMessage): boolean {
    const limit = this.state?.maximumPacketSize ?? 0;
    if (limit !== Infinity && publishLength(message, delivery.qos, this.protocolVersion) > limit) return false;
    this.core.context.meter.count('mqtt.publishesOut');
    this.state?.activity?.received(message.topic);
    this.output.push(delivery);
    return true;
  }

  overflow(): void {
    this.close(REASON.quotaExceeded, 'SERVER_INITIATED_DISCONNECT', 'the client receives too slowly');
  }

  acknowledge(packetId: number, code: number, bytes: number): void {
    this.core.gauge.subtract(bytes);
    if (this.#closed) return;
    if (code === REASON.success) this.output.push(packetId);
    else if (this.protocolVersion === 5) this.output.push(pubackRefused(packetId, code));
    this.release(HOLD.acknowledgements);
  }

  ingressFailed(error: unknown): void {
    this.core.failed('a publish could not be taken', error);
    if (this.protocolVersion === 4) this.close(REASON.unspecifiedError, 'SERVER_ERROR', 'internal error');
  }

  releaseIngress(): void {
    this.release(HOLD.ingress);
  }

  /** Stops reading until the reason is released. */
  hold(reason: number): void {
    if (this.#held === 0) this.#socket.pause();
    this.#held |= reason;
  }

  /** What a handler held the client for has come: acts on it, unless the connection is gone, and goes on reading. */
  attempt(reason: number, act: () => void): void {
    if (this.#closed) return;
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
    this.release(reason);
  }

  release(reason: number): void {
    if ((this.#held & reason) === 0) return;
    this.#held &= ~reason;
    if (this.#held !== 0 || this.#closed) return;
    this.#process();
    if (this.#held === 0 && !this.#closed) this.#socket.resume();
  }

  /**
   * Ends the connection from this side. An MQTT 5 client is told the reason code.
   * `withWill` is false only when the client said goodbye itself or the API asks for it.
   */
  close(code: number, reason: DisconnectReason, text: string, withWill = true): void {
    if (this.#closed) return;
    if (this.protocolVersion === 5 && this.state !== undefined && reason !== 'CLIENT_INITIATED_DISCONNECT') {
      // [MQTT-3.14.2-3]
      this.output.push(disconnect(code, this.state.maximumPacketSize < SMALL_PACKET_BYTES ? undefined : text));
    }
    this.core.context.log('debug', 'mqtt connection closed', {
      clientId: this.state?.connection.clientId,
      reason,
      code,
      text,
    });
    this.#end(reason, withWill);
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.receivedAt = this.core.context.clock.now();
    this.#byteRate.take(chunk.length, this.receivedAt);
    this.#reader.push(chunk);
    this.#process();
    if (this.output.backedUp) this.hold(HOLD.output);
    const wait = this.#byteRate.wait(0, this.receivedAt);
    if (wait > 0 && !this.#closed) this.#delay(wait);
  }

  /** Handles the packets at hand. A handler may hold or close the connection, which ends the loop. */
  #process(): void {
    if (this.#handling) return;
    this.#handling = true;
    const reader = this.#reader;
    try {
      while (this.#held === 0 && !this.#closed) {
        const status = reader.next();
        if (status === FRAME.incomplete) {
          this.#checkBeginning();
          break;
        }
        if (status === FRAME.malformed) throw new ProtocolViolation(REASON.malformedPacket, 'malformed length');
        if (status === FRAME.tooLarge) throw new ProtocolViolation(REASON.packetTooLarge, 'the packet is too large');
        this.#lastPacketAt = this.receivedAt;
        this.#handle(this, reader.header, reader.buffer, reader.start, reader.end);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#handling = false;
    }
  }

  /** [MQTT-3.1.0-1]: what cannot become a CONNECT is not waited for. */
  #checkBeginning(): void {
    const first = this.#reader.firstByte;
    if (this.state === undefined && first !== undefined && first !== CONNECT_BYTE) {
      throw new ProtocolViolation(REASON.protocolError, 'the first packet is not a CONNECT');
    }
  }

  #fail(error: unknown): void {
    if (error instanceof ProtocolViolation) {
      this.close(error.code, error.disconnectReason, error.message);
      return;
    }
    this.core.failed('a packet could not be handled', error);
    this.close(REASON.unspecifiedError, 'SERVER_ERROR', 'internal error');
  }

  #roomForOutput(): void {
    if (this.#closed) return;
    this.release(HOLD.output);
    this.state?.session.queue.pump();
  }

  /** "Data that exceeds the maximum throughput is delayed in processing." */
  #delay(milliseconds: number): void {
    this.hold(HOLD.rate);
    this.#rateTimer ??= this.core.context.clock.after(milliseconds, () => {
      this.#rateTimer = undefined;
      this.release(HOLD.rate);
    });
  }

  #connectTimedOut(): void {
    if (this.state === undefined) this.close(REASON.protocolError, 'CLIENT_ERROR', 'no CONNECT in time');
  }

  #endAt({ at, reason }: ConnectionEnd): void {
    const { clock } = this.core.context;
    this.#endTimer = clock.after(Math.max(0, at - clock.now()), () => {
      this.close(REASON.notAuthorized, reason, 'the time of the connection is over');
    });
  }

  /** [MQTT-3.1.2-22] (3.1.1: [MQTT-3.1.2-24]) */
  #watchKeepAlive(milliseconds: number): void {
    const { clock } = this.core.context;
    // A held client cannot be heard.
    const idle = this.#held === 0 ? clock.now() - this.#lastPacketAt : 0;
    if (idle >= milliseconds) {
      this.close(REASON.keepAliveTimeout, 'MQTT_KEEP_ALIVE_TIMEOUT', 'no packet within 1.5 keep-alives');
      return;
    }
    this.#timer = clock.after(milliseconds - idle, () => this.#watchKeepAlive(milliseconds));
  }

  #end(reason: DisconnectReason, withWill: boolean): void {
    if (this.#closed) return;
    this.output.flush();
    this.#closed = true;
    this.#timer?.cancel();
    this.#endTimer?.cancel();
    this.#rateTimer?.cancel();
    this.#socket.destroySoon();
    const timer = this.core.context.clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
    // What the client still sends must be read, or the end of the stream is never seen.
    this.#socket.resume();
    this.observer.ended(this, reason, withWill);
  }
}

/** An error ends its own connection: `close` follows. */
function ignore(): void {}
