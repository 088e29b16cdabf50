import { z } from 'zod';
import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { MessageProperties } from '../../core/mqtt.ts';
import type { Template } from '../sql/template.ts';
import { MAX_TOPIC_BYTES, MAX_TOPIC_SLASHES } from '../sql/topic-filter.ts';
import type { ActionWork } from './action-work.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind, ActionSite } from './rule-action.ts';

/** "Republishing to reserved job topics is not supported". */
const JOB_TOPIC = /^\$aws\/things\/[^/]+\/jobs(\/|$)/;

const headersSchema = z.strictObject({
  payloadFormatIndicator: z.string().optional(),
  contentType: z.string().max(1024).optional(),
  responseTopic: z.string().max(1024).optional(),
  correlationData: z.string().max(1024).optional(),
  messageExpiry: z.string().max(1024).optional(),
  userProperties: z
    .array(z.strictObject({ key: z.string().max(1024), value: z.string().max(1024) }))
    .min(1)
    .max(100)
    .optional(),
});

const schema = z.strictObject({
  roleArn: roleArnSchema,
  topic: z.string().min(1),
  qos: z.coerce
    .number()
    .pipe(z.union([z.literal(0), z.literal(1)]))
    .default(0),
  headers: headersSchema.optional(),
});

/** "Republish": a publish of the rule's role to another topic. */
export const republishAction: ActionKind = {
  kind: 'republish',
  compile(parameters, site) {
    const { roleArn, topic, qos, headers } = readParameters(schema, parameters, site);
    if (/^\$[^${]/.test(topic)) throw site.refuse('topic', `'${topic}': reserved topics are written with $$`);
    if (JOB_TOPIC.test(topic.slice(1))) {
      throw site.refuse('topic', `'${topic}': republishing to reserved job topics is not supported`);
    }
    const target = site.template('topic', topic);
    const properties = headers === undefined ? undefined : compileHeaders(headers, site);
    return {
      failedAction: 'RepublishAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to republish to topic.',
      async run(work) {
        const to = readTopic(work.render(target));
        const origin = { sourceIp: '127.0.0.1', secure: true };
        const permission = { action: 'iot:Publish', resource: arn(site.account, 'iot', `topic/${to}`) };
        site.ports.get('authorizer').authorize(site.role(roleArn), permission, origin);
        await site.ports.get('broker').publish({
          topic: to,
          payload: work.bytes,
          qos,
          retain: false,
          receivedAt: site.clock.now(),
          ...(properties === undefined ? {} : { properties: properties(work) }),
        });
      },
      resource: (work) => work.render(target),
      describe: (work) => `Action: republish, Topic: ${work.render(target)}`,
    };
  },
};

/** "To republish to a reserved topic, which begins with $, use $$ instead" (`republish-rule-action`). */
function readTopic(text: string): string {
  const reserved = text.startsWith('$$');
  const topic = reserved ? text.slice(1) : text;
  const bad =
    topic === '' ||
    (!reserved && topic.startsWith('$')) ||
    JOB_TOPIC.test(topic) ||
    /[+#\0]/.test(topic) ||
    Buffer.byteLength(topic) > MAX_TOPIC_BYTES ||
    (!reserved && topic.split('/').length - 1 > MAX_TOPIC_SLASHES);
  if (bad) throw new AwsError('InvalidRequestException', `'${text}' is not a topic that can be republished to`);
  return topic;
}

function compileHeaders(
  headers: z.infer<typeof headersSchema>,
  site: ActionSite,
): (work: ActionWork) => MessageProperties {
  const compile = (field: string, text: string | undefined): Template | undefined =>
    text === undefined ? undefined : site.template(`headers.${field}`, text);
  const format = compile('payloadFormatIndicator', headers.payloadFormatIndicator);
  const contentType = compile('contentType', headers.contentType);
  const responseTopic = compile('responseTopic', headers.responseTopic);
  const correlation = compile('correlationData', headers.correlationData);
  const expiry = compile('messageExpiry', headers.messageExpiry);
  const user = headers.userProperties?.map(({ key, value }, index) => ({
    key: site.template(`headers.userProperties[${index}].key`, key),
    value: site.template(`headers.userProperties[${index}].value`, value),
  }));
  return (work) => ({
    ...(format === undefined ? {} : { payloadFormatIndicator: readFormat(work.render(format)) }),
    ...(contentType === undefined ? {} : { contentType: work.render(contentType) }),
    ...(responseTopic === undefined ? {} : { responseTopic: work.render(responseTopic) }),
    ...(correlation === undefined ? {} : { correlationData: readBase64(work.render(correlation)) }),
    ...(expiry === undefined ? {} : { messageExpiryInterval: readSeconds(work.render(expiry)) }),
    ...(user === undefined ? {} : { userProperties: collect(work, user) }),
  });
}

function readFormat(text: string): boolean {
  if (text === 'UTF8_DATA') return true;
  if (text === 'UNSPECIFIED_BYTES') return false;
  throw new AwsError('InvalidRequestException', `'${text}' is no payload format indicator`);
}

function readBase64(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new AwsError('InvalidRequestException', 'the correlation data is not base64');
  }
  return Buffer.from(text, 'base64');
}

function readSeconds(text: string): number {
  if (!/^\d{1,10}$/.test(text))
    throw new AwsError('InvalidRequestException', `'${text}' is no message expiry in seconds`);
  return Number(text);
}

function collect(
  work: ActionWork,
  user: readonly { key: Template; value: Template }[],
): Record<string, string | string[]> {
  const properties: Record<string, string | string[]> = {};
  for (const { key, value } of user) {
    const name = work.render(key);
    const text = work.render(value);
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    properties[name] = known === undefined ? text : [known, text].flat();
  }
  return properties;
}
