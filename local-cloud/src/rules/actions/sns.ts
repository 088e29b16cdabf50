import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  targetArn: z.string().min(1),
  messageFormat: z.enum(['RAW', 'JSON']).default('RAW'),
});

/** `arn:aws:sns:<region>:<account>:<topic>`; the ARNs of devices have slashes. */
const TOPIC_ARN = /^arn:aws:sns:[^:/]+:\d{12}:[^:/]+$/;

/** "SNS": one Publish per message; FIFO topics are not supported. */
export const snsAction: ActionKind = {
  kind: 'sns',
  compile(parameters, site) {
    const { roleArn, targetArn, messageFormat } = readParameters(schema, parameters, site);
    if (targetArn.endsWith('.fifo')) throw site.refuse('targetArn', 'must not be a FIFO topic');
    const target = site.template('targetArn', targetArn);
    return {
      failedAction: 'SnsAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to send message to SNS.',
      async run(work) {
        const to = work.render(target);
        if (to.endsWith('.fifo')) throw new AwsError('InvalidParameter', `${to} is a FIFO topic`);
        if (work.isRaw && !isUtf8(work.bytes)) throw new AwsError('InvalidParameter', 'Invalid parameter: Message');
        await site.api.call(site.role(roleArn), 'sns', 'Publish', {
          ...(TOPIC_ARN.test(to) ? { TopicArn: to } : { TargetArn: to }),
          Message: work.text,
          ...(messageFormat === 'JSON' ? { MessageStructure: 'json' } : {}),
        });
      },
      resource: (work) => work.render(target),
      describe: (work) => `Action: sns, TargetArn: ${work.render(target)}`,
    };
  },
};
