import type { MitigationAction } from '@aws-sdk/client-iot';
import type { TaskAction } from '../mitigation-records.ts';

export function definitionOf({ name, id, roleArn, params }: TaskAction): MitigationAction {
  return { name, id, roleArn, actionParams: params };
}

export function timesOf({ startTime, endTime }: { readonly startTime?: number; readonly endTime?: number }) {
  return {
    ...(startTime === undefined ? {} : { startTime: new Date(startTime) }),
    ...(endTime === undefined ? {} : { endTime: new Date(endTime) }),
  };
}
