import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import { isObject, type SqlValue } from '../values/value.ts';
import type { ActionWork } from './action-work.ts';
import { flagSchema, readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind, ActionSite } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  logGroupName: z.string().min(1),
  batchMode: flagSchema.default(false),
});

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * "CloudWatch Logs": one event per message, or those of an array with `batchMode`. The name of the stream is not
 * documented; it is the rule's here.
 */
export const cloudWatchLogsAction: ActionKind = {
  kind: 'cloudwatchLogs',
  compile(parameters, site) {
    const { roleArn, logGroupName, batchMode } = readParameters(schema, parameters, site);
    const group = site.template('logGroupName', logGroupName);
    const ready = new Set<string>();
    return {
      failedAction: 'CloudwatchLogsAction',
      readsOutput: batchMode,
      roleArn,
      complaint: 'Failed to put log events to CloudWatch Logs.',
      async run(work) {
        const name = work.render(group);
        const logEvents = batchMode ? batch(work.output) : [single(work)];
        const role = site.role(roleArn);
        const stream = { logGroupName: name, logStreamName: site.ruleName };
        if (!ready.has(name)) await prepareStream(site, role, stream);
        ready.add(name);
        try {
          await site.api.call(role, 'cloudwatch-logs', 'PutLogEvents', { ...stream, logEvents });
        } catch (error) {
          // the group or stream may have been deleted since
          ready.delete(name);
          throw error;
        }
      },
      resource: (work) => work.render(group),
      describe: (work) => `Action: cloudwatchLogs, LogGroup: ${work.render(group)}`,
    };
  },
};

/** The three operations that "Requirements" names. */
async function prepareStream(
  site: ActionSite,
  role: AssumedRole,
  stream: { readonly logGroupName: string; readonly logStreamName: string },
): Promise<void> {
  const { logGroupName, logStreamName } = stream;
  const { logStreams = [] } = await site.api.call<{ logStreams?: readonly { readonly logStreamName?: string }[] }>(
    role,
    'cloudwatch-logs',
    'DescribeLogStreams',
    { logGroupName, logStreamNamePrefix: logStreamName },
  );
  if (logStreams.some((known) => known.logStreamName === logStreamName)) return;
  try {
    await site.api.call(role, 'cloudwatch-logs', 'CreateLogStream', stream);
  } catch (error) {
    // another message was quicker
    if (!(error instanceof AwsError) || error.code !== 'ResourceAlreadyExistsException') throw error;
  }
}

function single(work: ActionWork): LogEvent {
  if (work.isRaw && !isUtf8(work.bytes)) {
    throw new AwsError('InvalidParameterException', 'The payload is not UTF-8 text');
  }
  return { timestamp: work.evaluation.input.timestamp, message: work.text };
}

/** `[{"timestamp": 1673520691093, "message": "…"}, …]` */
function batch(output: SqlValue): LogEvent[] {
  if (!Array.isArray(output) || output.length === 0) {
    throw new AwsError('InvalidParameterException', 'With batchMode the output must be an array of log events');
  }
  const events = output.map((item: SqlValue) => {
    const { timestamp, message } = isObject(item) ? item : {};
    if (typeof timestamp !== 'number' || typeof message !== 'string') {
      throw new AwsError('InvalidParameterException', 'Each log event needs a timestamp (ms) and a message (string)');
    }
    return { timestamp, message };
  });
  return events.sort((a, b) => a.timestamp - b.timestamp);
}
