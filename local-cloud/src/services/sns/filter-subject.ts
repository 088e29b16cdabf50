import { isObject } from './filter-policy.ts';
import { type PublishedMessage, textFor } from './message.ts';
import type { SubscriptionRecord } from './records.ts';

/**
 * What a filter policy looks at: attributes (binary ones are ignored) or the parsed body. Undefined for a body that is
 * no JSON object: it matches no policy (developer guide, "Amazon SNS message filtering", payload-based).
 */
export function filterSubject(
  message: PublishedMessage,
  subscription: SubscriptionRecord,
): Readonly<Record<string, unknown>> | undefined {
  if (subscription.attributes.FilterPolicyScope !== 'MessageBody') return attributeValues(message);
  try {
    const body: unknown = JSON.parse(textFor(message, subscription.protocol));
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function attributeValues(message: PublishedMessage): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, { Type: type, Value: value }] of Object.entries(message.attributes ?? {})) {
    if (type === 'String.Array') values[name] = JSON.parse(value) as unknown;
    else if (type.startsWith('Number')) values[name] = Number(value);
    else if (type.startsWith('String')) values[name] = value;
  }
  return values;
}
