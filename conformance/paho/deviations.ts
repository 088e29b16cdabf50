/** A test that cannot pass because AWS IoT Core does otherwise, and the page that says so. */
export interface Deviation {
  readonly suite: string;
  readonly test: string;
  /** What the test wants, and what AWS does. */
  readonly reason: string;
  /** Address, and the section where there is one. */
  readonly page: string;
}

const GUIDE = 'https://docs.aws.amazon.com/iot/latest/developerguide';
const QOS = `${GUIDE}/mqtt.html, "AWS IoT differences from MQTT specifications"`;
const RETAINED = `${GUIDE}/mqtt.html, "Subscribing to a retained message topic"`;
const RESERVED = `${GUIDE}/reserved-topics.html`;
const REASON_CODES = `${GUIDE}/mqtt.html, "MQTT reason codes"`;
const FEATURES = `${GUIDE}/mqtt.html, "MQTT 5 supported features"`;

const NO_QOS_2 = 'wants a message delivered with QoS 2; AWS IoT Core has QoS 0 and 1 only';
const NO_RETAINED_BY_WILDCARD =
  'wants retained messages upon a subscription with wildcards; AWS IoT Core sends them to exact filters only';
const NO_DOLLAR =
  'publishes to a topic of its own that begins with $; AWS IoT Core reserves those and may end the connection';

/** Kept apart from the runner, so that a row is read and changed by itself. */
export const DEVIATIONS: readonly Deviation[] = [
  { suite: 'client_test', test: 'test_dollar_topics', reason: NO_DOLLAR, page: RESERVED },
  { suite: 'client_test', test: 'test_overlapping_subscriptions', reason: NO_QOS_2, page: QOS },
  { suite: 'client_test', test: 'test_retained_messages', reason: NO_RETAINED_BY_WILDCARD, page: RETAINED },
  { suite: 'client_test5', test: 'test_dollar_topics', reason: NO_DOLLAR, page: RESERVED },
  {
    suite: 'client_test5',
    test: 'test_flow_control2',
    reason:
      'never acknowledges QoS 2 and waits to be disconnected for it; AWS IoT Core has QoS 0 and 1 only, and QoS 1 is acknowledged at once',
    page: QOS,
  },
  { suite: 'client_test5', test: 'test_overlapping_subscriptions', reason: NO_QOS_2, page: QOS },
  { suite: 'client_test5', test: 'test_payload_format', reason: NO_QOS_2, page: QOS },
  { suite: 'client_test5', test: 'test_retained_message', reason: NO_RETAINED_BY_WILDCARD, page: RETAINED },
  {
    suite: 'client_test5',
    test: 'test_subscribe_failure',
    reason:
      'knows no SUBACK code but 0, 1, 2 and 0x80; AWS IoT Core answers a subscription that is not authorized with 0x87',
    page: REASON_CODES,
  },
  {
    suite: 'client_test5',
    test: 'test_subscribe_identifiers',
    reason: 'wants subscription identifiers; AWS IoT Core does not support them',
    page: FEATURES,
  },
  { suite: 'client_test5', test: 'test_subscribe_options', reason: NO_RETAINED_BY_WILDCARD, page: RETAINED },
  { suite: 'client_test5', test: 'test_user_properties', reason: NO_QOS_2, page: QOS },
];
