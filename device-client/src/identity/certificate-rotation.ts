import { randomBytes } from 'node:crypto';
import { type RotationMessage, rotationAnswerSchema, rotationAnswerTopic, rotationTopic } from '@fleetwright/contracts';
import type { DeviceClock } from '../clock.ts';
import { addressOf } from '../device-address.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceLink, DeviceLog, Subscription } from '../feature.ts';
import { rotationKeyName } from './device-key.ts';
import type { IdentityStore, KeyedIdentity } from './identity-store.ts';
import { ended, judgeAnswer, planRotation, type RotationStep } from './rotation-plan.ts';
import type { IssuedRotation, RotationOutcome, RotationRecord, RotationStore } from './rotation-record.ts';

/** A session of the device: one certificate and its connection. */
export interface RotationSession {
  readonly identity: KeyedIdentity;
  readonly link: DeviceLink;
}

export interface CertificateRotationOptions {
  readonly identities: IdentityStore;
  readonly store: RotationStore;
  readonly clock: DeviceClock;
  readonly log: DeviceLog;
  /** Ends the session and begins another with that certificate. The rotation is attached to the new one. */
  readonly use: (identity: KeyedIdentity) => Promise<void>;
  readonly onEnded?: (outcome: RotationOutcome) => void;
}

/** ms between two looks at where a rotation is */
const TICK = 1_000;

/**
 * Changes the device's certificate, by the contract of `certificate-rotation.ts` in the contracts. It says which
 * certificate the device is to use; whoever runs it holds the connections.
 *
 * INVARIANTS
 * - Whatever is done is planned from what is on disk: an agent that was killed anywhere goes on there.
 * - At every moment the record names all keys that the platform may hold for active.
 */
export class CertificateRotation {
  readonly #options: CertificateRotationOptions;
  #record: RotationRecord;
  #own: KeyedIdentity | undefined;
  #session: RotationSession | undefined;
  #detach: (() => void)[] = [];
  #answers: Promise<Subscription> | undefined;
  #connected = false;
  #since = 0;
  #sentAt: number | undefined;
  #timer: { cancel(): void } | undefined;
  #acting = false;
  #stopped = false;
  #waiting: ((outcome: RotationOutcome) => void)[] = [];

  /** @throws DeviceError `STATE_UNUSABLE` */
  constructor(options: CertificateRotationOptions) {
    this.#options = options;
    this.#record = options.store.read();
  }

  get record(): RotationRecord {
    return this.#record;
  }

  /** Which certificate a device that starts is to use. Removes what a rotation that ended has left. */
  async resume(own: KeyedIdentity): Promise<KeyedIdentity> {
    const { identities, log } = this.#options;
    this.#own = own;
    const left = await identities.sweep('key' in this.#record ? [this.#record] : []);
    if (left !== undefined) log.warn('keys of an earlier rotation remain', { reason: left });
    return this.#record.phase === 'confirming' ? this.#candidate(this.#record) : own;
  }

  /** A session has begun. */
  attach(session: RotationSession): void {
    this.detach();
    this.#session = session;
    this.#connected = false;
    this.#since = this.#options.clock.now();
    this.#sentAt = undefined;
    this.#detach = [
      session.link.onConnected(() => this.#turned(true)),
      session.link.onInterrupted(() => this.#turned(false)),
    ];
    if (this.#record.phase !== 'idle') this.#listen();
    this.#act();
  }

  /** The session ends. */
  detach(): void {
    for (const task of this.#detach) task();
    this.#detach = [];
    this.#session = undefined;
    this.#answers = undefined;
  }

  /**
   * Changes the certificate. The same request id again is the same rotation: its outcome, if it is the last one.
   * @throws DeviceError `ROTATION_FAILED` when another rotation is under way
   */
  async rotate(
    reason: 'expiring' | 'asked',
    requestId: string = randomBytes(16).toString('hex'),
  ): Promise<RotationOutcome> {
    const record = this.#record;
    if (record.phase === 'idle') {
      if (record.last?.requestId === requestId) return record.last;
      await this.#begin(reason, requestId);
    } else if (record.requestId !== requestId) {
      throw new DeviceError('ROTATION_FAILED', `rotation ${record.requestId} is under way`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.detach();
  }

  async #begin(reason: 'expiring' | 'asked', requestId: string): Promise<void> {
    const { identities, log } = this.#options;
    if (this.#own === undefined) throw new DeviceError('NOT_PROVISIONED', 'the device has not been started');
    const key = await identities.keys.create(rotationKeyName(requestId));
    const csrPem = await key.signingRequest(this.#own.thingName);
    if (this.#record.phase !== 'idle') throw new DeviceError('ROTATION_FAILED', 'another rotation is under way');
    this.#become({ phase: 'requesting', requestId, reason, key: key.reference, csrPem });
    log.info('certificate rotation begins', { requestId, reason });
    this.#listen();
    this.#act();
  }

  #listen(): void {
    const session = this.#session;
    if (session === undefined || this.#answers !== undefined) return;
    const topic = rotationAnswerTopic(addressOf(session.identity));
    this.#answers = session.link.subscribe(topic, (_topic, payload) => void this.#answered(payload));
    this.#answers.catch((error) => {
      this.#answers = undefined;
      this.#options.log.warn('answers to certificate rotation cannot be heard', { reason: reasonOf(error) });
    });
  }

  #turned(connected: boolean): void {
    if (connected !== this.#connected) {
      this.#connected = connected;
      this.#since = this.#options.clock.now();
    }
    this.#act();
  }

  async #answered(payload: Uint8Array): Promise<void> {
    const { clock, log, store } = this.#options;
    try {
      const answer = rotationAnswerSchema.parse(JSON.parse(Buffer.from(payload).toString()));
      const effect = judgeAnswer(this.#record, answer, clock.now());
      if (answer.kind === 'refused')
        log.warn('certificate rotation refused', { code: answer.code, reason: answer.message });
      if (effect.kind === 'issued' && this.#record.phase === 'requesting') {
        const { key, reason, requestId } = this.#record;
        const { certificateId, certificatePem, confirmBefore } = effect.answer;
        const certificateFile = store.writeCertificate(requestId, certificatePem);
        const issued = { requestId, reason, key, certificateId, certificateFile, confirmBefore };
        this.#become({ phase: 'trial', ...issued, trials: 0 });
        log.info('a new certificate is issued', { requestId, certificateId });
      } else if (effect.kind === 'become') {
        this.#become(effect.record);
        if (effect.record.phase === 'idle') await this.#sweep();
      } else if (effect.kind === 'adopt') {
        await this.#adopt();
      }
    } catch (error) {
      log.warn('an answer to certificate rotation is not understood', { reason: reasonOf(error) });
    }
    this.#act();
  }

  /** Does the next steps, one after another, and looks again in a while for as long as a rotation is under way. */
  #act(): void {
    if (this.#acting || this.#stopped) return;
    this.#acting = true;
    void this.#steps().finally(() => {
      this.#acting = false;
      this.#timer?.cancel();
      if (this.#record.phase !== 'idle' && !this.#stopped) {
        this.#timer = this.#options.clock.after(TICK, () => this.#act());
      }
    });
  }

  async #steps(): Promise<void> {
    for (;;) {
      const session = this.#session;
      if (session === undefined || this.#own === undefined || this.#stopped) return;
      const step = planRotation(this.#record, {
        now: this.#options.clock.now(),
        using: session.identity.certificateId,
        connected: this.#connected,
        since: this.#since,
        sentAt: this.#sentAt,
        own: this.#own.certificateId,
      });
      if (step.kind === 'wait') return;
      try {
        await this.#do(step, session);
      } catch (error) {
        this.#options.log.warn('a step of certificate rotation fails', { step: step.kind, reason: reasonOf(error) });
        return;
      }
    }
  }

  async #do(step: RotationStep, session: RotationSession): Promise<void> {
    const record = this.#record;
    if (step.kind === 'become') return this.#become(step.record);
    if (step.kind === 'adopt') return this.#adopt();
    if (step.kind === 'use') {
      if (step.record !== undefined) this.#become(step.record);
      return this.#use(step.certificate);
    }
    if (step.kind === 'wait' || record.phase === 'idle') return;
    const { requestId } = record;
    this.#sentAt = this.#options.clock.now();
    if (step.kind === 'send-request' && record.phase === 'requesting') {
      const { csrPem, reason } = record;
      await this.#send(session, { version: 1, kind: 'request', requestId, csrPem, reason });
    } else if (step.kind === 'send-confirm') {
      await this.#send(session, { version: 1, kind: 'confirm', requestId });
    } else if (record.phase === 'abandoning') {
      const { detail } = record;
      await this.#send(session, { version: 1, kind: 'abandon', requestId, detail: detail.slice(0, 1_024) });
      this.#become(ended(record, 'failed', this.#options.clock.now(), detail));
      await this.#sweep();
    }
  }

  async #send({ identity, link }: RotationSession, message: RotationMessage): Promise<void> {
    await link.publish(rotationTopic(addressOf(identity)), JSON.stringify(message));
  }

  /** A certificate that cannot even be used is as good as one that does not connect: the other one is taken again. */
  async #use(certificate: 'old' | 'new'): Promise<void> {
    const record = this.#record;
    const own = this.#own as KeyedIdentity;
    if (certificate === 'old' || !('certificateId' in record)) return this.#options.use(own);
    try {
      await this.#options.use(await this.#candidate(record));
    } catch (error) {
      this.#options.log.warn('the new certificate cannot be used', { reason: reasonOf(error) });
      // Its attempt has ended the session before it.
      await this.#options.use(own);
    }
  }

  async #adopt(): Promise<void> {
    const record = this.#record;
    const { clock, identities, log } = this.#options;
    const own = identities.record();
    if (own === undefined || !('certificateId' in record)) return;
    if (own.certificateId !== record.certificateId) {
      const { certificateFile, certificateId, key } = record;
      identities.replace({ ...own, certificateId, certificateFile, key });
    }
    this.#own = await identities.load();
    this.#become(ended(record, 'completed', clock.now()));
    log.info('certificate rotation completed', { certificateId: record.certificateId });
    await this.#sweep();
  }

  async #sweep(): Promise<void> {
    const left = await this.#options.identities.sweep([]);
    if (left !== undefined) this.#options.log.warn('an old key remains', { reason: left });
  }

  async #candidate({ certificateFile, certificateId, key }: IssuedRotation): Promise<KeyedIdentity> {
    const record = this.#options.identities.record();
    if (record === undefined) throw new DeviceError('NOT_PROVISIONED', 'the device has no identity');
    return this.#options.identities.assemble({ ...record, certificateFile, certificateId, key });
  }

  #become(record: RotationRecord): void {
    this.#options.store.write(record);
    this.#record = record;
    this.#sentAt = undefined;
    if (record.phase !== 'idle' || record.last === undefined) return;
    if (record.last.result === 'failed') this.#options.log.warn('certificate rotation failed', { ...record.last });
    this.#options.onEnded?.(record.last);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(record.last);
  }
}
