import { uuid } from '../../core/entropy.ts';
import { toIntDown } from '../values/convert.ts';
import { isInt } from '../values/numbers.ts';
import type { SqlValue } from '../values/value.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';

/** Functions of the message and of the rule. */
export const MESSAGE_FUNCTIONS: readonly SqlFunction[] = [
  constant('accountid', '2015-10-08', () => (evaluation) => evaluation.input.accountId),
  // "or `n/a` if the message wasn't sent over MQTT"
  constant('clientid', '2015-10-08', () => (evaluation) => evaluation.input.clientId ?? 'n/a'),
  constant('principal', '2015-10-08', () => (evaluation) => evaluation.input.principal),
  constant('sourceip', '2016-03-23', () => (evaluation) => evaluation.input.sourceIp),
  constant('timestamp', '2015-10-08', () => (evaluation) => evaluation.input.timestamp),
  constant('traceid', '2015-10-08', () => (evaluation) => evaluation.input.traceId()),
  constant('newuuid', '2015-10-08', () => (evaluation) => uuid(evaluation.entropy)),
  constant(
    'sql_version',
    '2015-10-08',
    ({ version }) =>
      () =>
        version,
  ),
  { name: 'topic', since: '2015-10-08', arity: [0, 1], compile: compileTopic },
  { name: 'get_mqtt_property', since: '2016-03-23', arity: [1, 1], compile: compileMqttProperty },
  { name: 'get_user_properties', since: '2016-03-23', arity: [0, 1], compile: compileUserProperties },
];

function constant(name: string, since: SqlFunction['since'], compile: (call: CallSite) => Evaluate): SqlFunction {
  return { name, since, arity: [0, 0], compile };
}

/** `topic()` is the whole topic, `topic(1)` its first level. */
function compileTopic(call: CallSite): Evaluate {
  if (call.args.length === 0) return (evaluation) => evaluation.input.topic;
  const position = argument(call, 0);
  const fixed = call.constant(0);
  if (typeof fixed === 'number' && isInt(fixed)) return (evaluation) => evaluation.topicLevel(fixed);
  return (evaluation) => {
    const index = toIntDown(position(evaluation), call.numbers);
    return index === undefined ? undefined : evaluation.topicLevel(Number(index));
  };
}

/** Names of the MQTT 5 properties ("get_mqtt_property"). */
const MQTT_PROPERTIES = ['content_type', 'format_indicator', 'response_topic', 'correlation_data'];

function compileMqttProperty(call: CallSite): Evaluate {
  const name = call.constant(0);
  if (typeof name !== 'string' || !MQTT_PROPERTIES.includes(name)) {
    throw call.refuse(
      `expected one of the literal strings ${MQTT_PROPERTIES.map((known) => `'${known}'`).join(', ')}`,
      0,
    );
  }
  return (evaluation) => {
    const { properties } = evaluation.input;
    if (properties === undefined) return undefined;
    if (name === 'content_type') return properties.contentType;
    if (name === 'response_topic') return properties.responseTopic;
    if (name === 'correlation_data') return properties.correlationData?.toString('base64');
    if (properties.payloadFormatIndicator === undefined) return undefined;
    return properties.payloadFormatIndicator ? 'UTF8_DATA' : 'UNSPECIFIED_BYTES';
  };
}

/** All values of one key, or without a key an array of `{key: value}` ("get_user_properties"). */
function compileUserProperties(call: CallSite): Evaluate {
  const key = call.args[0];
  return (evaluation): SqlValue => {
    const properties = evaluation.input.properties?.userProperties;
    if (properties === undefined) return undefined;
    if (key === undefined) {
      return Object.entries(properties).flatMap(([name, values]) => listOf(values).map((value) => ({ [name]: value })));
    }
    const name = key(evaluation);
    if (typeof name !== 'string' || !Object.hasOwn(properties, name)) return undefined;
    return [...listOf(properties[name] as string | readonly string[])];
  };
}

function listOf(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values;
}
