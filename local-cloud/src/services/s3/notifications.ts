import { parseArn } from '../../core/account.ts';
import type { Timer } from '../../core/clock.ts';
import { uuid } from '../../core/entropy.ts';
import { messageOf } from '../../core/errors.ts';
import type { ServicePrincipal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import type { BucketRecord } from './bucket-record.ts';
import { covers } from './notification-configuration.ts';
import type { ObjectRecord } from './object-record.ts';

/** Without its `s3:`. */
export type ObjectEvent =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated';

interface PendingNotification {
  readonly id: string;
  readonly bucket: string;
  /** Undefined for EventBridge. */
  readonly arn?: string | undefined;
  readonly configurationId: string;
  readonly event: ObjectEvent;
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly size: number;
  readonly etag: string;
  readonly order: number;
  /** ms since the epoch */
  readonly at: number;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** Ours: AWS says "at least once" and no bound. */
const GIVE_UP_MS = 86_400_000;

/** Messages of buckets on their way, on disk until a target has taken them (user guide, "Amazon S3 Event Notifications"). */
export class Notifications {
  readonly #context: CloudContext;
  readonly #pending: Collection<PendingNotification>;
  readonly #timers = new Set<Timer>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#pending = context.store.collection('s3/notifications');
  }

  resume(): void {
    for (const pending of this.#pending.values()) this.#attempt(pending, FIRST_RETRY_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    await Promise.all(this.#running);
  }

  /** Notes an event beside the change it tells of; answers what sends it once the disk has both. */
  note(bucket: BucketRecord, event: ObjectEvent, object: ObjectRecord): () => void {
    const settings = bucket.notifications;
    if (settings === undefined) return () => {};
    const name = `s3:${event}`;
    const told = settings.targets.filter(
      ({ events, prefix, suffix }) =>
        events.some((pattern) => covers(pattern, name)) && object.key.startsWith(prefix) && object.key.endsWith(suffix),
    );
    const targets: { arn?: string; id: string }[] = [...told, ...(settings.eventBridge ? [{ id: 'eventbridge' }] : [])];
    const noted = targets.map(({ arn, id: configurationId }) => {
      const pending: PendingNotification = {
        id: uuid(this.#context.entropy),
        bucket: bucket.name,
        arn,
        configurationId,
        event,
        key: object.key,
        versionId: bucket.versioning === undefined ? undefined : object.versionId,
        size: object.size,
        etag: object.etag.replaceAll('"', ''),
        order: object.order,
        at: this.#context.clock.now(),
      };
      this.#pending.put(pending.id, pending);
      return pending;
    });
    return () => {
      for (const pending of noted) this.#attempt(pending, FIRST_RETRY_MS);
    };
  }

  #attempt(pending: PendingNotification, retryDelay: number): void {
    if (this.#stopped) return;
    const run = this.#send(pending)
      .then(() => void this.#pending.delete(pending.id))
      .catch((error: unknown) => this.#failed(pending, retryDelay, error))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  #failed(pending: PendingNotification, delay: number, error: unknown): void {
    const { clock, log } = this.#context;
    const givenUp = clock.now() - pending.at >= GIVE_UP_MS;
    log('warn', 'S3 could not deliver a notification', {
      bucket: pending.bucket,
      target: pending.arn ?? 'EventBridge',
      reason: messageOf(error),
      givenUp,
    });
    if (givenUp) this.#pending.delete(pending.id);
    else {
      const timer = clock.after(delay, () => {
        this.#timers.delete(timer);
        this.#attempt(pending, Math.min(delay * 2, MAX_RETRY_MS));
      });
      this.#timers.add(timer);
    }
  }

  async #send(pending: PendingNotification): Promise<void> {
    const { account, api, ports } = this.#context;
    const { arn } = pending;
    if (arn === undefined) {
      await ports.find('awsEvents')?.publish(this.#bridgeEvent(pending));
      return;
    }
    const target = parseArn(arn);
    const principal: ServicePrincipal = {
      kind: 'service',
      service: 's3.amazonaws.com',
      sourceArn: `arn:aws:s3:::${pending.bucket}`,
      sourceAccount: account.accountId,
    };
    const message = JSON.stringify({ Records: [this.#record(pending)] });
    if (target?.service === 'lambda') {
      await api.call(principal, 'lambda', 'Invoke', {
        FunctionName: arn,
        InvocationType: 'Event',
        Payload: Buffer.from(message),
      });
    } else if (target?.service === 'sqs') {
      const QueueUrl = `https://sqs.${target.region}.amazonaws.com/${target.accountId}/${target.resource}`;
      await api.call(principal, 'sqs', 'SendMessage', { QueueUrl, MessageBody: message });
    } else {
      await api.call(principal, 'sns', 'Publish', {
        TopicArn: arn,
        Subject: 'Amazon S3 Notification',
        Message: message,
      });
    }
  }

  /** User guide, "Event message structure". */
  #record(pending: PendingNotification): object {
    const { account } = this.#context;
    const created = pending.event.startsWith('ObjectCreated');
    return {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: account.region,
      eventTime: new Date(pending.at).toISOString(),
      eventName: pending.event,
      userIdentity: { principalId: account.accountId },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { 'x-amz-request-id': pending.id, 'x-amz-id-2': pending.id },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: pending.configurationId,
        bucket: {
          name: pending.bucket,
          ownerIdentity: { principalId: account.accountId },
          arn: `arn:aws:s3:::${pending.bucket}`,
        },
        object: {
          // "The object key name value is URL encoded", as forms are.
          key: encodeURIComponent(pending.key).replaceAll('%20', '+').replaceAll('%2F', '/'),
          ...(created ? { size: pending.size, eTag: pending.etag } : {}),
          ...(pending.versionId === undefined ? {} : { versionId: pending.versionId }),
          sequencer: sequencerOf(pending),
        },
      },
    };
  }

  /** User guide, "EventBridge event message structure". */
  #bridgeEvent(pending: PendingNotification) {
    const created = pending.event.startsWith('ObjectCreated');
    const marker = pending.event.endsWith('DeleteMarkerCreated');
    const { accountId } = this.#context.account;
    const reason = { Put: 'PutObject', Copy: 'CopyObject', CompleteMultipartUpload: 'CompleteMultipartUpload' };
    const how = pending.event.slice(pending.event.indexOf(':') + 1) as keyof typeof reason;
    return {
      source: 'aws.s3',
      detailType: created ? 'Object Created' : 'Object Deleted',
      time: pending.at,
      resources: [`arn:aws:s3:::${pending.bucket}`],
      detail: {
        version: '0',
        bucket: { name: pending.bucket },
        object: {
          key: pending.key,
          ...(created ? { size: pending.size, etag: pending.etag } : {}),
          ...(pending.versionId === undefined ? {} : { 'version-id': pending.versionId }),
          sequencer: sequencerOf(pending),
        },
        'request-id': pending.id,
        requester: accountId,
        'source-ip-address': '127.0.0.1',
        reason: created ? reason[how] : 'DeleteObject',
        ...(created ? {} : { 'deletion-type': marker ? 'Delete Marker Created' : 'Permanently Deleted' }),
      },
    };
  }
}

/** Grows with the versions of a key. */
function sequencerOf({ order }: PendingNotification): string {
  return order.toString(16).toUpperCase().padStart(16, '0');
}
