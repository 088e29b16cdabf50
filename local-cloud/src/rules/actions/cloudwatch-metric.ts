import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import type { ActionWork } from './action-work.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  metricNamespace: z.string().min(1),
  metricName: z.string().min(1),
  metricValue: z.string().min(1),
  metricUnit: z.string().min(1),
  metricTimestamp: z.string().min(1).optional(),
});

/** "CloudWatch metrics": one datum per message; the timestamp is in seconds. */
export const cloudWatchMetricAction: ActionKind = {
  kind: 'cloudwatchMetric',
  compile(parameters, site) {
    const definition = readParameters(schema, parameters, site);
    const { roleArn, metricTimestamp } = definition;
    const namespace = site.template('metricNamespace', definition.metricNamespace);
    const name = site.template('metricName', definition.metricName);
    const value = site.template('metricValue', definition.metricValue);
    const unit = site.template('metricUnit', definition.metricUnit);
    const time = metricTimestamp === undefined ? undefined : site.template('metricTimestamp', metricTimestamp);
    const where = (work: ActionWork): string => `${work.render(namespace)}/${work.render(name)}`;
    return {
      failedAction: 'CloudwatchMetricAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to put metric data to CloudWatch.',
      async run(work) {
        const seconds =
          time === undefined ? Math.floor(site.clock.now() / 1000) : readNumber(work.render(time), 'metricTimestamp');
        await site.api.call(site.role(roleArn), 'cloudwatch', 'PutMetricData', {
          Namespace: work.render(namespace),
          MetricData: [
            {
              MetricName: work.render(name),
              Value: readNumber(work.render(value), 'metricValue'),
              Unit: work.render(unit),
              Timestamp: new Date(seconds * 1000),
            },
          ],
        });
      },
      resource: where,
      describe: (work) => `Action: cloudwatchMetric, Metric: ${where(work)}`,
    };
  },
};

function readNumber(text: string, field: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new AwsError('InvalidParameterValue', `The value '${text}' for ${field} is not a number`);
}
