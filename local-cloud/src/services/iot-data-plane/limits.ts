/**
 * Limits of the Device Shadow service and of the data plane: AWS General Reference, "AWS IoT Core endpoints and quotas",
 * tables "AWS IoT Core Device Shadow service limits and quotas" and "message broker limits"; name patterns and ranges:
 * AWS IoT API reference, "AWS IoT data". A limit of {@link ShadowLimits} can be changed through the plugin's options.
 */
export interface ShadowLimits {
  /** Bytes of the desired and reported sections together, as compact JSON; metadata does not count. */
  readonly documentBytes: number;
  /**
   * Levels below `desired` or `reported`. The quotas say 8, `device-shadow-error-messages` says 6; the quotas are newer.
   */
  readonly depth: number;
  /** Requests of one connection that are started and not answered. */
  readonly inFlightPerConnection: number;
}

export const SHADOW_LIMITS: ShadowLimits = { documentBytes: 8 * 1024, depth: 8, inFlightPerConnection: 10 };

export const MAX_CLIENT_TOKEN_BYTES = 64;
export const THING_NAME_PATTERN = '[a-zA-Z0-9:_-]+';
export const MAX_THING_NAME_LENGTH = 128;
export const SHADOW_NAME_PATTERN = '[$a-zA-Z0-9:_-]+';
export const MAX_SHADOW_NAME_LENGTH = 64;

/** `device-shadow-data-flow`, "Delete": a shadow made anew within 48 hours goes on with the version of the deleted one. */
export const DELETED_VERSION_LIFETIME = 48 * 60 * 60_000;

/** ListNamedShadowsForThing, `pageSize`; the default is not documented. */
export const MAX_SHADOW_PAGE = 100;
export const DEFAULT_SHADOW_PAGE = 25;

/** ListRetainedMessages, `maxResults`; the default is not documented. */
export const MAX_RETAINED_PAGE = 200;
export const DEFAULT_RETAINED_PAGE = 200;

/** ListSubscriptions, `maxResults`. */
export const MAX_SUBSCRIPTION_PAGE = 200;
export const DEFAULT_SUBSCRIPTION_PAGE = 20;

/** "Publish request maximum size". */
export const MAX_PUBLISH_BYTES = 128 * 1024;
/** "Topic size": bytes of UTF-8. */
export const MAX_TOPIC_BYTES = 256;
export const MAX_CLIENT_ID_LENGTH = 128;
/** SendDirectMessage, `timeout`: 1 to 15 seconds, 5 by default. */
export const MAX_CONFIRMATION_SECONDS = 15;
export const DEFAULT_CONFIRMATION_SECONDS = 5;
