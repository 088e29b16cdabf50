import { createHash } from 'node:crypto';
import type { RotationAnswer, RotationMessage } from '@fleetwright/contracts';
import type { DeviceClock } from '../../clock.ts';
import { noLog } from '../../device-session.ts';
import { DeviceError } from '../../errors.ts';
import type { DeviceLink } from '../../feature.ts';
import type { StateDirectory } from '../../state-directory.ts';
import { CertificateRotation } from '../certificate-rotation.ts';
import { IdentityStore, type KeyedIdentity } from '../identity-store.ts';
import { RotationStore } from '../rotation-record.ts';

const CONFIRM_TIME = 3_600_000;

/** Time that passes when it is told to. */
export class HandClock implements DeviceClock {
  time = 1_800_000_000_000;
  #timers: { readonly at: number; readonly task: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(milliseconds: number, task: () => void): { cancel(): void } {
    const timer = { at: this.time + milliseconds, task };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Lets the next timer end. */
  async step(most: number): Promise<void> {
    const next = this.#timers.sort((left, right) => left.at - right.at)[0];
    this.time = Math.min(next?.at ?? Number.POSITIVE_INFINITY, this.time + most);
    if (next !== undefined && next.at <= this.time) {
      this.#timers = this.#timers.filter((other) => other !== next);
      next.task();
    }
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The platform's half of the contract: `certificate-rotation.ts` of the contracts. */
export class RotationPlatform {
  readonly active = new Set<string>(['first']);
  /** Refuses every connection of these, as a broker that cannot verify them would. */
  readonly broken = new Set<string>();
  current:
    | { requestId: string; old: string; certificateId: string; confirmBefore: number; confirmed: boolean }
    | undefined;
  refuse: Extract<RotationAnswer, { kind: 'refused' }>['code'] | undefined;
  /** Answers that are lost on the way. */
  loseAnswers = 0;
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    this.#clock = clock;
  }

  accepts(certificateId: string): boolean {
    this.#decide();
    return this.active.has(certificateId) && !this.broken.has(certificateId);
  }

  handle(certificateId: string, message: RotationMessage): RotationAnswer | undefined {
    this.#decide();
    const { requestId } = message;
    const { current } = this;
    const refused = (code: Extract<RotationAnswer, { kind: 'refused' }>['code']): RotationAnswer => ({
      version: 1,
      kind: 'refused',
      requestId,
      code,
      message: 'no',
    });
    if (message.kind === 'request') {
      if (this.refuse !== undefined) return refused(this.refuse);
      if (current === undefined) {
        const id = createHash('sha256').update(message.csrPem).digest('hex');
        this.active.add(id);
        const confirmBefore = this.#clock.now() + CONFIRM_TIME;
        this.current = { requestId, old: certificateId, certificateId: id, confirmBefore, confirmed: false };
      } else if (current.requestId !== requestId) return refused('ALREADY_ROTATING');
      const { certificateId: issued, confirmBefore } = this.current as NonNullable<typeof this.current>;
      const certificatePem = `PEM of ${issued}`;
      return this.#answer({
        version: 1,
        kind: 'issued',
        requestId,
        certificateId: issued,
        certificatePem,
        confirmBefore,
      });
    }
    if (current?.requestId !== requestId) return this.#answer(refused('UNKNOWN_REQUEST'));
    if (message.kind === 'abandon') {
      if (!current.confirmed) {
        this.active.delete(current.certificateId);
        this.current = undefined;
      }
      return undefined;
    }
    if (certificateId !== current.certificateId) return this.#answer(refused('NOT_ALLOWED'));
    current.confirmed = true;
    this.active.delete(current.old);
    return this.#answer({ version: 1, kind: 'completed', requestId });
  }

  /** A new certificate that nobody confirms in time is withdrawn. */
  #decide(): void {
    const { current } = this;
    if (current === undefined || current.confirmed || this.#clock.now() <= current.confirmBefore) return;
    this.active.delete(current.certificateId);
    this.current = undefined;
  }

  #answer(answer: RotationAnswer): RotationAnswer | undefined {
    if (this.loseAnswers === 0) return answer;
    this.loseAnswers--;
    return undefined;
  }
}

/** One process of the device: connections that succeed when the platform takes the certificate. */
export class RotationProcess {
  readonly rotation: CertificateRotation;
  readonly identities: IdentityStore;
  readonly #platform: RotationPlatform;
  readonly #clock: HandClock;
  session: { identity: KeyedIdentity; link: FakeLink } | undefined;

  constructor(state: StateDirectory, platform: RotationPlatform, clock: HandClock) {
    this.#platform = platform;
    this.#clock = clock;
    this.identities = new IdentityStore(state);
    this.rotation = new CertificateRotation({
      identities: this.identities,
      store: new RotationStore(state),
      clock,
      log: noLog,
      use: async (identity) => this.use(identity),
    });
  }

  async start(): Promise<void> {
    const own = await this.identities.load();
    if (own === undefined) throw new Error('the device has no identity');
    this.use(await this.rotation.resume(own));
  }

  use(identity: KeyedIdentity): void {
    this.rotation.detach();
    const link = new FakeLink(identity.certificateId, this.#platform, this.#clock);
    this.session = { identity, link };
    this.rotation.attach({ identity, link });
  }

  /** The network tries to connect what is not. */
  async turn(): Promise<void> {
    this.session?.link.tryConnect();
    await this.#clock.step(5_000);
  }
}

class FakeLink implements DeviceLink {
  connected = false;
  readonly #certificateId: string;
  readonly #platform: RotationPlatform;
  readonly #clock: HandClock;
  #onConnected: (() => void)[] = [];
  #onMessage: ((topic: string, payload: Uint8Array) => void)[] = [];

  constructor(certificateId: string, platform: RotationPlatform, clock: HandClock) {
    this.#certificateId = certificateId;
    this.#platform = platform;
    this.#clock = clock;
  }

  get client(): never {
    throw new Error('the rotation uses no service client');
  }

  tryConnect(): void {
    if (this.connected || !this.#platform.accepts(this.#certificateId)) return;
    this.connected = true;
    for (const task of this.#onConnected) task();
  }

  async publish(topic: string, payload: string | Uint8Array): Promise<void> {
    if (!this.connected || !this.#platform.accepts(this.#certificateId)) {
      throw new DeviceError('NOT_CONNECTED', 'no connection');
    }
    const answer = this.#platform.handle(this.#certificateId, JSON.parse(payload.toString()));
    if (answer === undefined) return;
    this.#clock.after(10, () => {
      for (const task of this.#onMessage) task(`${topic}-answer`, Buffer.from(JSON.stringify(answer)));
    });
  }

  async subscribe(_filter: string, onMessage: (topic: string, payload: Uint8Array) => void) {
    this.#onMessage.push(onMessage);
    return { end: async () => {} };
  }

  onConnected(task: () => void): () => void {
    this.#onConnected.push(task);
    if (this.connected) task();
    return () => {
      this.#onConnected = this.#onConnected.filter((other) => other !== task);
    };
  }

  onInterrupted(): () => void {
    return () => {};
  }
}
