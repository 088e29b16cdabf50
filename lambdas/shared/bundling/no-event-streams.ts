/**
 * Stands for `@smithy/core/event-streams` in the bundles: no operation that a function calls streams events. The SDK loads
 * it only for one that does.
 * @throws Error
 */
export class EventStreamSerde {
  constructor() {
    throw new Error('the bundles are made without event streams: lib/constructs/bundled-function/bundle.ts');
  }
}

/** S3's client asks for it when it is made, for the one operation that streams events. */
export function resolveEventStreamSerdeConfig<T>(config: T): T {
  return config;
}

export function eventStreamSerdeProvider(): EventStreamSerde {
  return new EventStreamSerde();
}
