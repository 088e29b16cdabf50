import { z } from 'zod';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

const schema = z.strictObject({
  roleArn: roleArnSchema,
  alarmName: z.string().min(1),
  stateReason: z.string().min(1),
  stateValue: z.string().min(1),
});

/** "CloudWatch alarms": sets the state of an alarm. */
export const cloudWatchAlarmAction: ActionKind = {
  kind: 'cloudwatchAlarm',
  compile(parameters, site) {
    const { roleArn, alarmName, stateReason, stateValue } = readParameters(schema, parameters, site);
    const alarm = site.template('alarmName', alarmName);
    const reason = site.template('stateReason', stateReason);
    const value = site.template('stateValue', stateValue);
    if (value.fixed && !STATES.includes(stateValue)) {
      throw site.refuse('stateValue', `'${stateValue}' must be one of ${STATES.join(', ')}`);
    }
    return {
      failedAction: 'CloudwatchAlarmAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to set the state of the CloudWatch alarm.',
      async run(work) {
        await site.api.call(site.role(roleArn), 'cloudwatch', 'SetAlarmState', {
          AlarmName: work.render(alarm),
          StateReason: work.render(reason),
          StateValue: work.render(value),
        });
      },
      resource: (work) => work.render(alarm),
      describe: (work) => `Action: cloudwatchAlarm, Alarm: ${work.render(alarm)}, State: ${work.render(value)}`,
    };
  },
};
