import type { PublishRequest } from '@aws-sdk/client-iot-data-plane';
import type { MessageProperties, MqttUserProperties } from '../../../core/mqtt.ts';
import { invalidRequest } from './data-plane-service.ts';

/** MQTT 5 properties of a message as the HTTP API takes them. */
export type PropertyRequest = Pick<
  PublishRequest,
  'userProperties' | 'payloadFormatIndicator' | 'contentType' | 'responseTopic' | 'correlationData' | 'messageExpiry'
>;

/** Undefined when the request names none. @throws AwsError `InvalidRequestException` */
export function messageProperties(input: PropertyRequest): MessageProperties | undefined {
  const properties: MessageProperties = {
    ...(input.payloadFormatIndicator === undefined
      ? {}
      : { payloadFormatIndicator: formatIndicator(input.payloadFormatIndicator) }),
    ...(input.messageExpiry === undefined ? {} : { messageExpiryInterval: expiry(input.messageExpiry) }),
    ...(input.contentType === undefined ? {} : { contentType: input.contentType }),
    ...(input.responseTopic === undefined ? {} : { responseTopic: responseTopic(input.responseTopic) }),
    ...(input.correlationData === undefined ? {} : { correlationData: correlationData(input.correlationData) }),
    ...(input.userProperties === undefined ? {} : { userProperties: userProperties(String(input.userProperties)) }),
  };
  return Object.keys(properties).length === 0 ? undefined : properties;
}

/** User properties as GetRetainedMessage gives them: `[{"name": "value"}, …]`. */
export function userPropertiesJson(properties: MqttUserProperties): string {
  const list = Object.entries(properties).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => ({ [name]: one })),
  );
  return JSON.stringify(list);
}

function formatIndicator(value: string): boolean {
  if (value === 'UTF8_DATA') return true;
  if (value === 'UNSPECIFIED_BYTES') return false;
  throw invalidRequest(`payloadFormatIndicator '${value}' is neither UNSPECIFIED_BYTES nor UTF8_DATA`);
}

function expiry(seconds: number): number {
  if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  throw invalidRequest(`messageExpiry ${seconds} is no positive number of seconds`);
}

/** "The topic must not contain wildcard characters" (API Publish). */
function responseTopic(topic: string): string {
  if (topic !== '' && !/[#+]/.test(topic)) return topic;
  throw invalidRequest(`responseTopic '${topic}' is empty or contains wildcard characters`);
}

function correlationData(text: string): Buffer {
  const data = Buffer.from(text, 'base64');
  if (data.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')) return data;
  throw invalidRequest('correlationData is not Base64');
}

function userProperties(text: string): MqttUserProperties {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw invalidRequest('userProperties is not JSON');
  }
  if (!Array.isArray(list)) throw invalidRequest('userProperties is not an array of objects');
  const properties: Record<string, string | string[]> = Object.create(null);
  for (const element of list as unknown[]) {
    if (typeof element !== 'object' || element === null || Array.isArray(element)) {
      throw invalidRequest('userProperties is not an array of objects');
    }
    for (const [name, value] of Object.entries(element)) {
      if (typeof value !== 'string') throw invalidRequest(`the value of user property '${name}' is not a string`);
      const earlier = properties[name];
      if (earlier === undefined) properties[name] = value;
      else if (Array.isArray(earlier)) earlier.push(value);
      else properties[name] = [earlier, value];
    }
  }
  return properties;
}
