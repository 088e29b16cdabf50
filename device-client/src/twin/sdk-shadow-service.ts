import type { iotshadow, mqtt5 } from 'aws-iot-device-sdk-v2';
import * as z from 'zod';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { CloudTime } from '../replay/cloud-time.ts';
import type { JsonObject } from './json-merge.ts';
import { type ShadowDelta, type ShadowDocument, type ShadowService, ShadowServiceError } from './shadow-service.ts';

/** `get/+`, `update/accepted`, `update/rejected` of a shadow. */
export const REQUEST_SUBSCRIPTIONS = 3;

const section = z.record(z.string(), z.json());
const documentSchema = z.object({
  version: z.int(),
  state: z.object({ desired: section.nullish(), reported: section.nullish() }),
});
const deltaSchema = z.object({ version: z.int(), state: section });
const versionSchema = z.object({ version: z.int() });

export interface SdkShadowServiceOptions {
  /** Shared by the shadows of a device; closed by whoever made it. */
  readonly shadows: iotshadow.IotShadowClientv2;
  readonly client: mqtt5.Mqtt5Client;
  readonly thingName: string;
  /** undefined for the classic shadow */
  readonly shadowName: string | undefined;
  readonly time: CloudTime;
  readonly log: DeviceLog;
}

/** A classic or named shadow over MQTT, by the SDK's client. Its answers are JSON as it came: they are checked here. */
export class SdkShadowService implements ShadowService {
  readonly #options: SdkShadowServiceOptions;
  #stream: { close(): void } | undefined;
  #listening = false;
  #closed = false;

  constructor(options: SdkShadowServiceOptions) {
    this.#options = options;
  }

  get listening(): boolean {
    return this.#listening;
  }

  async get(): Promise<ShadowDocument> {
    const { shadowName, shadows, thingName } = this.#options;
    const answer = await this.#ask(() =>
      shadowName === undefined ? shadows.getShadow({ thingName }) : shadows.getNamedShadow({ thingName, shadowName }),
    );
    const { state, version } = checked(documentSchema, answer);
    return { version, desired: state.desired ?? {}, reported: state.reported ?? {} };
  }

  async report(patch: JsonObject, version: number | undefined): Promise<number> {
    const { shadowName, shadows, thingName } = this.#options;
    const request = { thingName, state: { reported: patch }, ...(version !== undefined && { version }) };
    const answer = await this.#ask(() =>
      shadowName === undefined ? shadows.updateShadow(request) : shadows.updateNamedShadow({ ...request, shadowName }),
    );
    return checked(versionSchema, answer).version;
  }

  /** The stream subscribes again by itself after a new connection, unless the broker refused: then with the next one. */
  listen(onDelta: (delta: ShadowDelta) => void, onGap: () => void): void {
    if (this.#closed) return;
    const { client, log, shadowName, shadows, thingName } = this.#options;
    this.#stream?.close();
    const stream =
      shadowName === undefined
        ? shadows.createShadowDeltaUpdatedStream({ thingName })
        : shadows.createNamedShadowDeltaUpdatedStream({ thingName, shadowName });
    this.#stream = stream;
    stream.on('incomingPublish', ({ message }) => {
      this.#options.time.hear(message.timestamp);
      const delta = deltaSchema.safeParse(message);
      if (delta.success) onDelta(delta.data);
      else onGap();
    });
    stream.on('incomingPublishError', ({ error }) => {
      log.warn('a delta could not be read', { reason: error.message });
      onGap();
    });
    stream.on('subscriptionStatus', ({ error, type }) => {
      // Established (0), lost (1), or halted (2): then the stream is dead.
      this.#listening = type === 0;
      if (type === 0) return onGap();
      if (type !== 2 || this.#closed) return;
      log.error('deltas do not come: the broker refused', { shadow: shadowName ?? '', reason: String(error) });
      client.once('connectionSuccess', () => this.listen(onDelta, onGap));
    });
    stream.open();
  }

  close(): void {
    this.#closed = true;
    this.#stream?.close();
  }

  async #ask<T extends { timestamp?: unknown }>(request: () => Promise<T>): Promise<T> {
    try {
      const answer = await request();
      this.#options.time.hear(answer.timestamp);
      return answer;
    } catch (error) {
      const { internalError, modeledError } = error as { internalError?: unknown; modeledError?: RefusalAnswer };
      if (typeof modeledError?.code !== 'number') {
        throw new ShadowServiceError('UNAVAILABLE', reasonOf(internalError ?? error), { cause: error });
      }
      this.#options.time.hear(modeledError.timestamp);
      const { code, message } = modeledError;
      throw new ShadowServiceError(meaning(code), `${code} ${message ?? ''}`, { cause: error });
    }
  }
}

/** Error response document (developer guide, `device-shadow-error-messages`). */
interface RefusalAnswer {
  readonly code?: number;
  readonly message?: string;
  readonly timestamp?: unknown;
}

function meaning(code: number): ShadowServiceError['code'] {
  if (code === 409) return 'CONFLICT';
  if (code === 404) return 'NOT_FOUND';
  return code === 429 || code >= 500 ? 'UNAVAILABLE' : 'INVALID';
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ShadowServiceError('UNAVAILABLE', `the answer is of another form: ${z.prettifyError(result.error)}`);
}
