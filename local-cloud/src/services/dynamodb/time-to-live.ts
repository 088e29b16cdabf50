import type { Clock } from '../../core/clock.ts';
import { AwsError } from '../../core/errors.ts';
import type { Engine, Json } from './engine.ts';
import type { Gate } from './gate.ts';
import { EXPIRY_PAGE, MAX_EXPIRED_AGE_SECONDS } from './limits.ts';
import type { TableRecord, Tables } from './tables.ts';

/** Removes items whose time has passed by the cloud's clock: a number, in seconds since the epoch. */
export class TimeToLive {
  readonly #tables: Tables;
  readonly #engine: Engine;
  readonly #gate: Gate;
  readonly #clock: Clock;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(tables: Tables, engine: Engine, gate: Gate) {
    this.#tables = tables;
    this.#engine = engine;
    this.#gate = gate;
    this.#clock = tables.context.clock;
  }

  describe(record: TableRecord): Json {
    const { timeToLive } = record;
    if (timeToLive === undefined) return { TimeToLiveStatus: 'DISABLED' };
    return { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive.attribute };
  }

  /** @throws AwsError `ValidationException` when nothing would change ("UpdateTimeToLive") */
  async update(record: TableRecord, enabled: boolean, attribute: string): Promise<void> {
    if (attribute.length < 1 || attribute.length > 255) {
      throw new AwsError('ValidationException', 'TimeToLiveSpecification AttributeName must have 1 to 255 characters');
    }
    if (enabled && record.timeToLive !== undefined)
      throw new AwsError('ValidationException', 'TimeToLive is already enabled');
    if (!enabled && record.timeToLive === undefined)
      throw new AwsError('ValidationException', 'TimeToLive is already disabled');
    if (!enabled && record.timeToLive?.attribute !== attribute) {
      throw new AwsError(
        'ValidationException',
        `TimeToLive is active on a different AttributeName: current AttributeName is ${record.timeToLive?.attribute}`,
      );
    }
    record.timeToLive = enabled ? { attribute } : undefined;
    await this.#tables.save(record);
  }

  /** One sweep after another; resolves when this one is over. */
  sweep(): Promise<void> {
    this.#sweeping = this.idle().then(async () => {
      for (const record of this.#tables.all()) {
        if (record.timeToLive !== undefined) await this.#sweepTable(record, record.timeToLive.attribute);
      }
    });
    return this.#sweeping;
  }

  /** Resolves when no sweep is under way. */
  async idle(): Promise<void> {
    await this.#sweeping.catch(() => undefined);
  }

  async #sweepTable(record: TableRecord, attribute: string): Promise<void> {
    const now = Math.floor(this.#clock.now() / 1000);
    const condition = {
      ExpressionAttributeNames: { '#t': attribute },
      ExpressionAttributeValues: { ':now': { N: String(now) }, ':least': { N: String(now - MAX_EXPIRED_AGE_SECONDS) } },
    };
    const expired = '#t <= :now AND #t >= :least';
    let start: unknown;
    do {
      const page = await this.#gate.shared(() =>
        this.#engine.run('Scan', {
          TableName: record.name,
          FilterExpression: expired,
          Limit: EXPIRY_PAGE,
          ...condition,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items as Json[])
        await this.#remove(record, item, { ConditionExpression: expired, ...condition });
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async #remove(record: TableRecord, item: Json, condition: Json): Promise<void> {
    const names = [record.keys.hash, ...(record.keys.range === undefined ? [] : [record.keys.range])];
    const Key = Object.fromEntries(names.map((name) => [name, item[name]]));
    try {
      await this.#gate.shared(() => this.#engine.run('DeleteItem', { TableName: record.name, Key, ...condition }));
    } catch (error) {
      // It was given more time meanwhile.
      if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') throw error;
    }
  }
}
