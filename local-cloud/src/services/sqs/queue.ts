import type { Timer } from '../../core/clock.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import { invalidValue, queueDoesNotExist } from './errors.ts';
import { Fifo } from './fifo.ts';
import { MAX_MESSAGES_IN_FLIGHT, MAX_VISIBILITY_TIMEOUT } from './limits.ts';
import { DELAYED, GONE, IN_FLIGHT, type Message, newMessage, VISIBLE } from './message.ts';
import { decodeContent, encodeMessage, type MessageContent, type MessagePlace } from './message-record.ts';
import type { QueueConfiguration } from './queue-configuration.ts';
import type { MessageTarget, QueueHost } from './queue-host.ts';
import { decodeReceiptHandle, encodeReceiptHandle } from './receipt-handle.ts';

/** One message as a receive hands it out. */
export interface Delivery {
  readonly content: MessageContent;
  readonly receiptHandle: string;
  readonly sentTimestamp: number;
  /** Over all queues, this receive included. */
  readonly receiveCount: number;
  readonly firstReceivedAt: number;
}

interface Waiter {
  readonly most: number;
  readonly visibilityTimeout: number;
  readonly timer: Timer;
  readonly resolve: (deliveries: Delivery[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A standard queue.
 *
 * INVARIANTS
 * - A message enters `#messages` only after its record is on disk, and its record leaves the log when it leaves here.
 * - `#hidden` holds exactly the messages in flight and delayed; whatever else is in `#messages` is visible and stands
 *   in `#visible` at least once (entries of messages that are no longer visible are skipped).
 * - Which messages are in flight is not on disk: a restart makes them visible again, at least once as AWS promises.
 *   Receive counts are, from the second receive on.
 * - One timer per queue, for the earliest end of a visibility timeout, delay or retention period.
 */
export class Queue {
  readonly arn: string;
  readonly #host: QueueHost;
  readonly #messages = new Map<number, Message>();
  readonly #visible = new Fifo<Message>();
  readonly #hidden = new DeadlineHeap<Message>();
  readonly #permissions = new Map<string, readonly Permission[]>();
  #configuration: QueueConfiguration;
  #policy: PolicyDocument | undefined;
  #inFlight = 0;
  #delayed = 0;
  #waiters: Waiter[] = [];
  #wakePending = false;
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #closed = false;
  #activity = { sent: 0, received: 0, deleted: 0 };

  constructor(host: QueueHost, arn: string, configuration: QueueConfiguration) {
    this.#host = host;
    this.arn = arn;
    this.#configuration = configuration;
    this.configure(configuration);
  }

  get configuration(): QueueConfiguration {
    return this.#configuration;
  }

  /** Messages since this was last asked for, and the age of the oldest in seconds. */
  takeActivity(): { sent: number; received: number; deleted: number; oldestAge: number } {
    const oldest = this.#oldest();
    const oldestAge = oldest === undefined ? 0 : (this.#host.clock.now() - oldest.sentTimestamp) / 1000;
    const activity = { ...this.#activity, oldestAge };
    this.#activity = { sent: 0, received: 0, deleted: 0 };
    return activity;
  }

  get counts(): { visible: number; inFlight: number; delayed: number } {
    return {
      visible: this.#messages.size - this.#inFlight - this.#delayed,
      inFlight: this.#inFlight,
      delayed: this.#delayed,
    };
  }

  configure(configuration: QueueConfiguration): void {
    this.#configuration = configuration;
    this.#policy =
      configuration.policy === undefined ? undefined : (JSON.parse(configuration.policy) as PolicyDocument);
    this.#permissions.clear();
    const oldest = this.#oldest();
    if (oldest !== undefined) this.#arm(this.#expiry(oldest));
  }

  /** What an operation on this queue asks of IAM: made once per action and policy. */
  permissions(action: string): readonly Permission[] {
    let permissions = this.#permissions.get(action);
    if (permissions === undefined) {
      permissions = [{ action, resource: this.arn, resourcePolicy: this.#policy, lasting: true }];
      this.#permissions.set(action, permissions);
    }
    return permissions;
  }

  /** Resolves when the messages are on disk; from then on they can be received. */
  async send(contents: readonly { content: MessageContent; delaySeconds: number }[]): Promise<void> {
    const now = this.#host.clock.now();
    const added = contents.map(({ content, delaySeconds }) => {
      const place = {
        queueNumber: this.#configuration.number,
        sentTimestamp: now,
        availableAt: now + delaySeconds * 1000,
      };
      const record = encodeMessage(place, content);
      return { id: this.#host.messages.append(record), bytes: record.length, place, content };
    });
    await this.#host.durable();
    if (this.#closed) {
      for (const { id } of added) this.#host.messages.remove(id);
      throw queueDoesNotExist();
    }
    for (const { id, bytes, place, content } of added) this.admit(id, bytes, place, content);
    this.#host.meter.count('sqs.messagesSent', added.length);
    this.#activity.sent += added.length;
  }

  /** Takes in a message whose record is on disk. Without content it is read when it is received. */
  admit(id: number, bytes: number, place: MessagePlace, content: MessageContent | undefined): void {
    const message = newMessage(id, bytes, place.sentTimestamp);
    if (content !== undefined && this.#host.bodies.hold(bytes)) message.content = content;
    const kept = this.#host.receives.get(String(id));
    if (kept !== undefined) [message.receives, message.firstReceivedAt] = kept;
    this.#messages.set(id, message);
    if (this.#messages.size === 1) this.#arm(this.#expiry(message));
    const delayed = place.availableAt > place.sentTimestamp && place.availableAt > this.#host.clock.now();
    if (delayed) this.#hide(message, DELAYED, place.availableAt);
    else this.#show(message);
  }

  /**
   * Up to `most` messages; waits up to `waitSeconds` for the first.
   * @throws AwsError `OverLimit` for a short poll with 120,000 messages in flight, `ServiceUnavailable` after a stop
   */
  receive(most: number, visibilityTimeout: number, waitSeconds: number): Delivery[] | Promise<Delivery[]> {
    if (this.#closed) throw new AwsError('ServiceUnavailable', 'The queue has stopped.', 503);
    if (this.#waiters.length === 0) {
      const deliveries = this.#take(most, visibilityTimeout);
      if (deliveries.length > 0) return deliveries;
      if (waitSeconds === 0 && this.#inFlight >= MAX_MESSAGES_IN_FLIGHT) {
        throw new AwsError('OverLimit', 'Too many messages in flight: 120000 is the most for a standard queue.', 403);
      }
    }
    if (waitSeconds === 0) return [];
    return new Promise((resolve, reject) => {
      const timer = this.#host.clock.after(waitSeconds * 1000, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve([]);
      });
      const waiter: Waiter = { most, visibilityTimeout, timer, resolve, reject };
      this.#waiters.push(waiter);
    });
  }

  /**
   * Deletes what the handle stands for. A handle that a later receive has replaced deletes nothing, and a message
   * that is already gone is no error (API reference, DeleteMessage).
   * @throws AwsError `ReceiptHandleIsInvalid`
   */
  remove(handle: string): boolean {
    const { logId, receive } = decodeReceiptHandle(this.#configuration.handleKey, handle);
    const message = this.#messages.get(logId);
    if (message === undefined || receive < message.receives) return false;
    this.#forget(message);
    this.#host.meter.count('sqs.messagesDeleted');
    this.#activity.deleted++;
    return true;
  }

  /**
   * The message stays hidden for `seconds` from now, 0 shows it at once.
   * @throws AwsError `ReceiptHandleIsInvalid`, `MessageNotInflight`, `InvalidParameterValueException`
   */
  changeVisibility(handle: string, seconds: number): void {
    const { logId, receive } = decodeReceiptHandle(this.#configuration.handleKey, handle);
    const message = this.#messages.get(logId);
    if (message === undefined) {
      throw invalidValue(
        handle,
        'ReceiptHandle',
        'Message does not exist or is not available for visibility timeout change.',
      );
    }
    if (receive < message.receives) {
      throw new AwsError('MessageNotInflight', 'The specified message is not in flight.', 400);
    }
    const until = this.#host.clock.now() + seconds * 1000;
    if (until > message.firstReceivedAt + MAX_VISIBILITY_TIMEOUT * 1000 && message.firstReceivedAt > 0) {
      throw invalidValue(
        seconds,
        'VisibilityTimeout',
        `Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_TIMEOUT} seconds]`,
      );
    }
    if (message.state === IN_FLIGHT) this.#unhide(message);
    else if (seconds === 0) return;
    if (seconds === 0) this.#show(message);
    else this.#hide(message, IN_FLIGHT, until);
  }

  purge(): void {
    for (const message of this.#messages.values()) this.#release(message);
    this.#messages.clear();
    this.#visible.clear();
    this.#hidden.clear();
    this.#inFlight = 0;
    this.#delayed = 0;
  }

  /** Ends timers and waiting receives: with no messages at a stop, with `error` when the queue is deleted. */
  close(error?: Error): void {
    this.#closed = true;
    this.#timer?.cancel();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      waiter.timer.cancel();
      if (error === undefined) waiter.resolve([]);
      else waiter.reject(error);
    }
  }

  #take(most: number, visibilityTimeout: number): Delivery[] {
    const deliveries: Delivery[] = [];
    const taken: Message[] = [];
    const now = this.#host.clock.now();
    while (deliveries.length < most && this.#inFlight < MAX_MESSAGES_IN_FLIGHT) {
      const message = this.#visible.shift();
      if (message === undefined) break;
      if (message.state !== VISIBLE) continue;
      if (this.#expiry(message) <= now) this.#forget(message);
      else if (!this.#deadLetter(message)) {
        deliveries.push(this.#deliver(message, now));
        if (visibilityTimeout === 0) taken.push(message);
        else this.#hide(message, IN_FLIGHT, now + visibilityTimeout * 1000);
      }
    }
    // Not hidden at all, and yet not twice in one receive.
    for (const message of taken) this.#visible.push(message);
    return deliveries;
  }

  #deliver(message: Message, now: number): Delivery {
    const content = this.#contentOf(message);
    this.#letGo(message);
    message.receives += 1;
    this.#activity.received++;
    if (message.firstReceivedAt === 0) message.firstReceivedAt = now;
    if (message.receives > 1) {
      this.#host.receives.put(String(message.id), [message.receives, message.firstReceivedAt]);
    }
    return {
      content,
      receiptHandle: encodeReceiptHandle(this.#configuration.handleKey, message.id, message.receives),
      sentTimestamp: message.sentTimestamp,
      receiveCount: content.earlierReceives + message.receives,
      firstReceivedAt: message.firstReceivedAt,
    };
  }

  /** Moves a message that was received `maxReceiveCount` times; its time of sending stays (standard queues). */
  #deadLetter(message: Message): boolean {
    const redrive = this.#configuration.redrivePolicy;
    if (redrive === undefined || message.receives < redrive.maxReceiveCount) return false;
    const target = this.#host.findByArn(redrive.deadLetterTargetArn);
    if (target === undefined) return false;
    const content = this.#contentOf(message);
    const moved: MessageContent = {
      ...content,
      deadLetterSource: this.arn,
      earlierReceives: content.earlierReceives + message.receives,
    };
    this.#relocate(message, moved, target, message.sentTimestamp);
    this.#host.meter.count('sqs.messagesDeadLettered');
    return true;
  }

  /** Takes the oldest visible message for a redrive to `choose(content)`; undefined when nothing is visible. */
  moveOldest(
    choose: (content: MessageContent) => MessageTarget | undefined,
    newMessageId: string,
  ): boolean | undefined {
    let message = this.#visible.shift();
    while (message !== undefined && message.state !== VISIBLE) message = this.#visible.shift();
    if (message === undefined) return undefined;
    const content = this.#contentOf(message);
    const target = choose(content);
    if (target === undefined) {
      this.#visible.push(message);
      return false;
    }
    const moved = { ...content, messageId: newMessageId, deadLetterSource: undefined, earlierReceives: 0 };
    this.#relocate(message, moved, target, this.#host.clock.now());
    return true;
  }

  /** The new record is written before the old one goes, so that a crash in between duplicates and never loses. */
  #relocate(message: Message, content: MessageContent, target: MessageTarget, sentTimestamp: number): void {
    const place = { queueNumber: target.configuration.number, sentTimestamp, availableAt: 0 };
    const record = encodeMessage(place, content);
    const id = this.#host.messages.append(record);
    this.#forget(message);
    this.#host.durable().then(
      () => target.admit(id, record.length, place, content),
      (error) => this.#host.report('error', 'a message could not be moved between queues', { error: messageOf(error) }),
    );
  }

  #contentOf(message: Message): MessageContent {
    if (message.content !== undefined) return message.content;
    const record = this.#host.messages.get(message.id);
    if (record === undefined) throw new AwsError('InternalFailure', `message ${message.id} has no record`, 500);
    return decodeContent(record);
  }

  #hide(message: Message, state: typeof IN_FLIGHT | typeof DELAYED, until: number): void {
    message.state = state;
    message.deadline = until;
    if (state === IN_FLIGHT) this.#inFlight++;
    else this.#delayed++;
    this.#hidden.add(message);
    this.#arm(until);
  }

  #unhide(message: Message): void {
    this.#hidden.remove(message);
    if (message.state === IN_FLIGHT) this.#inFlight--;
    else this.#delayed--;
  }

  #show(message: Message): void {
    message.state = VISIBLE;
    this.#visible.push(message);
    if (this.#waiters.length > 0 && !this.#wakePending) {
      this.#wakePending = true;
      // Messages that become visible in one turn wake a waiting receive once, together.
      queueMicrotask(() => this.#wake());
    }
  }

  #wake(): void {
    this.#wakePending = false;
    for (;;) {
      const waiter = this.#waiters[0];
      if (waiter === undefined) return;
      const deliveries = this.#take(waiter.most, waiter.visibilityTimeout);
      if (deliveries.length === 0) return;
      this.#waiters.shift();
      waiter.timer.cancel();
      waiter.resolve(deliveries);
    }
  }

  #forget(message: Message): void {
    if (message.state === IN_FLIGHT || message.state === DELAYED) this.#unhide(message);
    this.#messages.delete(message.id);
    this.#release(message);
  }

  #release(message: Message): void {
    message.state = GONE;
    this.#letGo(message);
    this.#host.messages.remove(message.id);
    if (message.receives > 1) this.#host.receives.delete(String(message.id));
  }

  /** What was delivered is seldom delivered again: it is then read from disk. */
  #letGo(message: Message): void {
    if (message.content !== undefined) this.#host.bodies.release(message.bytes);
    message.content = undefined;
  }

  #expiry(message: Message): number {
    return message.sentTimestamp + this.#configuration.integers.MessageRetentionPeriod * 1000;
  }

  #oldest(): Message | undefined {
    for (const message of this.#messages.values()) return message;
    return undefined;
  }

  #arm(due: number): void {
    if (this.#closed || due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#host.clock.after(Math.max(0, due - this.#host.clock.now()), () => this.#tick());
  }

  #tick(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = this.#host.clock.now();
    for (let next = this.#hidden.earliest(); next !== undefined && next.deadline <= now; ) {
      this.#unhide(next);
      this.#show(next);
      next = this.#hidden.earliest();
    }
    let oldest = this.#oldest();
    for (; oldest !== undefined && this.#expiry(oldest) <= now; oldest = this.#oldest()) this.#forget(oldest);
    const hidden = this.#hidden.earliest();
    if (hidden !== undefined) this.#arm(hidden.deadline);
    if (oldest !== undefined) this.#arm(this.#expiry(oldest));
  }
}
