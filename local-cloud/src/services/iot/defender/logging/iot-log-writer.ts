import { uuid } from '../../../../core/entropy.ts';
import { AwsError, messageOf } from '../../../../core/errors.ts';
import type { AssumedRole } from '../../../../core/iam/principal.ts';
import type { IotLogEntry, IotLogLevel, IotLogSubject, IotLogs } from '../../../../core/iot-logs.ts';
import type { IotService } from '../../iot-service.ts';
import { assumeServiceRole } from '../service-role.ts';
import { type LoggingOptions, levelRank } from './logging-options.ts';

/** "The `AWSIotLogsV2` log group" (developer guide, `cloud-watch-logs`). */
const LOG_GROUP = 'AWSIotLogsV2';
/** ms from an entry to the batch that it goes with */
const BATCH_DELAY = 1_000;
/** Entries of one PutLogEvents: with 1 KB each, far below its 10,000 events and 1 MB. */
const BATCH = 500;
/** Entries that may wait; beyond, they are dropped, and the cloud's own log says how many. */
const MOST_WAITING = 10_000;

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * Writes AWS IoT's logs of version 2 as the role of SetV2LoggingOptions (developer guide, `configure-logging`).
 *
 * INVARIANT: whoever is logged never waits for it, and nothing is made or kept while logging is off.
 */
export class IotLogWriter implements IotLogs {
  readonly #service: IotService;
  readonly #options: LoggingOptions;
  #waiting: LogEvent[] = [];
  #timer: { cancel(): void } | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stream: string | undefined;
  #stopped = false;
  #dropped = 0;

  constructor(service: IotService, options: LoggingOptions) {
    this.#service = service;
    this.#options = options;
  }

  wants(level: IotLogLevel): boolean {
    return this.#options.highestRank >= levelRank(level);
  }

  write(entry: IotLogEntry): void {
    const { clock, entropy, account } = this.#service.context;
    if (this.#stopped || levelRank(entry.logLevel) > this.#rankFor(entry)) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    const { logLevel, status, eventType, ...attributes } = entry;
    const timestamp = clock.now();
    const message = JSON.stringify({
      timestamp: new Date(timestamp).toISOString().replace('T', ' ').replace('Z', ''),
      logLevel,
      traceId: uuid(entropy),
      accountId: account.accountId,
      status,
      eventType,
      ...attributes,
    });
    this.#waiting.push({ timestamp, message });
    this.#timer ??= clock.after(BATCH_DELAY, () => {
      this.#timer = undefined;
      void this.flush();
    });
  }

  /** Resolves when all that was told so far is written, or could not be. */
  flush(): Promise<void> {
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0) this.#writing = this.#writing.then(() => this.#put(events));
    return this.#writing;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.flush();
  }

  async #put(events: readonly LogEvent[]): Promise<void> {
    const { api, log } = this.#service.context;
    if (this.#dropped > 0) log('warn', 'AWS IoT logs were dropped', { entries: this.#dropped });
    this.#dropped = 0;
    try {
      const { roleArn } = this.#options.v2();
      if (roleArn === undefined) return;
      const role = assumeServiceRole(this.#service.context, roleArn, 'logging');
      this.#stream ??= await this.#createStream(role);
      for (let from = 0; from < events.length; from += BATCH) {
        const logEvents = events.slice(from, from + BATCH);
        const stream = { logGroupName: LOG_GROUP, logStreamName: this.#stream };
        await api.call(role, 'cloudwatch-logs', 'PutLogEvents', { ...stream, logEvents });
      }
    } catch (error) {
      // The group may have been deleted: the next batch looks anew.
      this.#stream = undefined;
      log('warn', 'AWS IoT logs could not be written', { entries: events.length, reason: messageOf(error) });
    }
  }

  /** Each run has a stream of its own. */
  async #createStream(role: AssumedRole): Promise<string> {
    const { account, api, entropy } = this.#service.context;
    const logStreamName = `${uuid(entropy)}_${account.accountId}_0`;
    try {
      await api.call(role, 'cloudwatch-logs', 'CreateLogGroup', { logGroupName: LOG_GROUP });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ResourceAlreadyExistsException') throw error;
    }
    await api.call(role, 'cloudwatch-logs', 'CreateLogStream', { logGroupName: LOG_GROUP, logStreamName });
    return logStreamName;
  }

  /** The most verbose level of the targets that the subject belongs to; without any, the default level. */
  #rankFor({ clientId, principalId, sourceIp }: IotLogSubject): number {
    const targets = this.#options.ranksByTarget;
    if (targets.size === 0) return this.#options.defaultRank;
    const ranks = [
      targets.get(`CLIENT_ID/${clientId}`),
      targets.get(`PRINCIPAL_ID/${principalId}`),
      targets.get(`SOURCE_IP/${sourceIp}`),
      ...(clientId === undefined ? [] : this.#ranksOfGroups(clientId)),
    ].filter((rank) => rank !== undefined);
    return ranks.length === 0 ? this.#options.defaultRank : Math.max(...ranks);
  }

  /** "override the logging configuration of its parent": the nearest group counts. A client is taken for the thing of its name. */
  #ranksOfGroups(thingName: string): (number | undefined)[] {
    const { state } = this.#service.registry;
    return [...state.memberships.rightsOf(thingName).keys()].map((group) => {
      for (const { name } of state.groupAndAncestors(group)) {
        const rank = this.#options.ranksByTarget.get(`THING_GROUP/${name}`);
        if (rank !== undefined) return rank;
      }
      return undefined;
    });
  }
}
