import type { IncomingMessage, OutgoingMessage } from 'coap';
import { generate } from 'coap-packet';
import type { ComponentClock } from '../../../shared/src/component.ts';
import { answerOf, beginRequest, type CoapAnswer, type CoapTarget, openSocket } from './coap-exchange.ts';
import type { CoapSocket } from './coap-socket.ts';

/** Why an observation is over: `stale` (nothing new within its Max-Age), `refused` (the server does not observe), or trouble. */
export interface ObservationEnd {
  readonly kind: 'stale' | 'refused' | 'trouble';
  readonly reason: string;
}

export interface ObservationEvents {
  readonly allow: () => boolean;
  /** @param partial it has more blocks, which are to be fetched */
  onAnswer(answer: CoapAnswer, partial: boolean): void;
  /** Once. */
  onEnd(end: ObservationEnd): void;
}

/** Beyond the Max-Age: RFC 7641, 3.3.1 has the client wait 5 to 15 s before it registers again. */
const LEAST_GRACE_MS = 5_000;
const GRACE_MS = 10_000;
/** For the word that nobody listens any more to leave. */
const FAREWELL_MS = 100;

/**
 * An observation of a resource (RFC 7641), until it ends. The library drops notifications that come out of order (3.4).
 *
 * INVARIANT: it ends when the server refuses it, answers an error or leaves the option out, or when a notification has been
 * stale for the time that the standard has clients wait: whoever is silent is not taken for unchanged.
 */
export class CoapObservation {
  readonly #target: CoapTarget;
  readonly #clock: ComponentClock;
  readonly #random: () => number;
  readonly #events: ObservationEvents;
  #socket: CoapSocket | undefined;
  #timer: { cancel(): void } | undefined;
  #close: () => Promise<void> = async () => {};
  #over = false;

  constructor(target: CoapTarget, ports: { clock: ComponentClock; random: () => number }, events: ObservationEvents) {
    this.#target = target;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#events = events;
  }

  start(): void {
    const trouble = (reason: string): void => this.#end({ kind: 'trouble', reason });
    this.#timer = this.#clock.after(this.#target.timeoutMs, () => trouble('no answer in time'));
    const options = {
      mode: 'observe' as const,
      allow: this.#events.allow,
      onTrouble: trouble,
      // What it carries is taken first.
      onEnded: () => setImmediate(() => this.#checkEnd()),
    };
    openSocket(this.#target, options)
      .then((opened) => this.#register(opened, trouble))
      .catch((error: Error) => trouble(error.message));
  }

  #register({ address, socket }: Awaited<ReturnType<typeof openSocket>>, trouble: (reason: string) => void): void {
    this.#socket = socket;
    if (this.#over) {
      socket.close();
      return;
    }
    this.#close = async () => void socket.close();
    const { agent, request } = beginRequest(this.#target, socket, address, { method: 'GET', observe: true });
    agent.on('error', (error: Error) => trouble(error.message));
    request.on('error', (error: Error) => trouble(error.message));
    request.on('timeout', () => trouble('no answer in time'));
    this.#close = async () => {
      agent.abort(request);
      socket.close();
    };
    request.on('response', (message: IncomingMessage) =>
      this.#listen(message, () => farewell(request, socket, address, this.#target.port)),
    );
    request.end();
  }

  /** Resolves when its socket is closed. */
  stop(): Promise<void> {
    this.#over = true;
    this.#timer?.cancel();
    const close = this.#close;
    this.#close = async () => {};
    return close();
  }

  #listen(message: IncomingMessage, sayFarewell: () => void): void {
    message.on('error', (error: Error) => this.#end({ kind: 'trouble', reason: error.message }));
    const close = this.#close;
    this.#close = async () => {
      if (this.#socket?.ended === undefined) {
        sayFarewell();
        await new Promise<void>((resolve) => this.#clock.after(FAREWELL_MS, resolve));
      }
      await close();
    };
    if (message.code === '0.00') {
      this.#end({ kind: 'trouble', reason: 'reset by the server' });
      return;
    }
    message.on('data', (payload: Buffer) => this.#take(answerOf(message, payload)));
  }

  #take(answer: CoapAnswer): void {
    if (this.#over) return;
    this.#events.onAnswer(answer, this.#socket?.partial ?? false);
    this.#timer?.cancel();
    if (this.#checkEnd()) return;
    const grace = LEAST_GRACE_MS + this.#random() * GRACE_MS;
    this.#timer = this.#clock.after(answer.maxAge * 1_000 + grace, () => {
      if (!this.#checkEnd()) this.#end({ kind: 'stale', reason: `nothing new for ${answer.maxAge} s` });
    });
  }

  #checkEnd(): boolean {
    const reason = this.#socket?.ended;
    if (reason === undefined) return this.#over;
    this.#end({ kind: 'refused', reason });
    return true;
  }

  #end(end: ObservationEnd): void {
    if (this.#over) return;
    void this.stop();
    this.#events.onEnd(end);
  }
}

/**
 * Tells the server that nobody listens any more: the request once more, with 1 for its Observe option (RFC 7641, 3.6). Not
 * confirmable: who misses it hears no answer to its next notification.
 */
function farewell({ _packet: packet }: OutgoingMessage, socket: CoapSocket, address: string, port: number): void {
  const options = (packet.options ?? []).map((option) =>
    option.name === 'Observe' ? { ...option, value: Buffer.of(1) } : option,
  );
  const messageId = ((packet.messageId ?? 0) + 0x8000) % 0x1_0000;
  const { token = Buffer.alloc(0) } = packet;
  socket.send(generate({ code: '0.01', confirmable: false, messageId, token, options }), port, address);
}
